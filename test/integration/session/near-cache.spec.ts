import { randomUUID } from 'node:crypto';
import { KeyChangeFeed } from '../../../libs/redis';
import { SessionRevokedError, SessionService, type Session } from '../../../libs/session';
import { LastSeenTracker } from '../../../libs/session/last-seen.tracker';
import { NearCache } from '../../../libs/session/near-cache/near-cache';
import { NearCacheTimings } from '../../../libs/session/near-cache/near-cache-timings';
import { SessionVerifier } from '../../../libs/session/store/session-verifier';
import { RedisTrust, UserChanges } from '../../../libs/sync';
import { PASSWORD, startTestApp, type TestApp, type TestAppOptions } from '../../support/app';
import { CommandCounter } from '../../support/command-counter';
import { startTestRedis } from '../../support/stores';
import { TcpProxy } from '../../support/tcp-proxy';
import { until } from '../../support/until';

const DAY_MS = 86_400_000;
const PROFILE = '/api/auth/profile';
const VERIFY = '/api/auth/verify';

/** An instance with the near cache on, in which nothing ends for its age. */
async function startNear(options: TestAppOptions = {}): Promise<TestApp> {
  const env = { NEAR_CACHE: 'on', ...options.env };
  const app = await startTestApp({ ...options, env });
  app.nest.get(NearCacheTimings).maxAgeMs = DAY_MS;
  return app;
}

const isOpen = (app: TestApp) => app.nest.get(NearCache).isOpen();
const opened = (app: TestApp) => until(() => isOpen(app));

/** Whether an instance knows a session without asking anybody. */
function isNear(app: TestApp, { userId, id }: Pick<Session, 'userId' | 'id'>): boolean {
  const era = app.nest.get(RedisTrust).era();
  return era !== null && app.nest.get(NearCache).get(userId, id, era, Date.now()) !== undefined;
}

/** The connection over which Redis says what changes, by what is said on it first. */
const isFeed = (opening: string) => opening.includes('TRACKING');

describe('the near cache', () => {
  let wire: TcpProxy;
  /** Ends sessions and changes profiles. */
  let one: TestApp;
  /** Has what it knows in memory. */
  let other: TestApp;

  beforeAll(async () => {
    one = await startNear({ env: { MAX_SESSIONS_PER_USER: '3' } });
    wire = await TcpProxy.start(Number(new URL(one.redis.url).port));
    other = await startNear({ beside: one, redisPort: wire.port });
  });

  beforeEach(async () => {
    wire.restore();
    await opened(one);
    await opened(other);
    // Whatever it learns of the others, it learns from Redis: the outbox tells it nothing.
    jest.spyOn(other.nest.get(UserChanges), 'happened').mockImplementation(() => undefined);
  });

  afterEach(() => {
    jest.restoreAllMocks();
  });

  afterAll(async () => {
    await other.close();
    wire.stop();
    await one.close();
  });

  const sessionsOf = (app: TestApp) => app.nest.get(SessionService);

  async function open(): Promise<Session> {
    const userId = randomUUID();
    const generation = await sessionsOf(one).generationOf(userId);
    return (await sessionsOf(one).open({ userId, role: 'user', generation })).session;
  }

  /** A user who has just used a session, so that the instance keeps it. */
  async function signedIn(app: TestApp) {
    const { accessToken: token, user, session } = await one.register();
    const of = { userId: user.id, id: session.id };
    await keptBy(app, of, () => app.http.get(PROFILE, { token }));
    return { token, email: user.email, ...of };
  }

  /** Asks until the instance keeps the session: what has just changed is still being told. */
  async function keptBy(
    app: TestApp,
    of: Pick<Session, 'userId' | 'id'>,
    ask: () => Promise<unknown>,
  ) {
    await until(async () => {
      await ask();
      return isNear(app, of);
    });
  }

  async function openNear(): Promise<Session> {
    const session = await open();
    await keptBy(other, session, () => verify(other, session));
    return session;
  }

  const verify = (app: TestApp, { userId, id }: Session) => sessionsOf(app).verify(userId, id);

  const statusOf = async (app: TestApp, path: string, token: string) =>
    (await app.http.get(path, { token })).status;

  describe('answers without Redis', () => {
    let counter: CommandCounter;

    beforeAll(async () => {
      counter = await CommandCounter.start(one.redis.url);
    });

    afterAll(() => counter.stop());

    /** But for the pings that confirm that no change is missing. */
    const commandsOf = async (work: () => Promise<unknown>) =>
      (await counter.during(work)).filter((command) => command !== 'ping');

    it('that a session is alive, and its profile', async () => {
      const { token, id, userId } = await signedIn(other);
      await until(async () => {
        const commands = await commandsOf(async () => {
          const profile = await other.http.get(PROFILE, { token });
          const verified = await other.http.get(VERIFY, { token });
          expect([profile.status, verified.status]).toEqual([200, 200]);
          expect(profile.body).toMatchObject({ id: userId });
          expect(profile.headers.get('x-cache')).toMatch(/^(HIT|MISS)$/);
          expect(verified.headers.get('x-session-id')).toBe(id);
        });
        return commands.length === 0;
      });
    });

    it('and asks Redis about a session of which it knows no profile', async () => {
      const { accessToken: token, user, session } = await one.register();
      const of = { userId: user.id, id: session.id };
      await keptBy(other, of, () => other.http.get(VERIFY, { token }));
      expect(await commandsOf(() => other.http.get(PROFILE, { token }))).not.toEqual([]);
    });

    it('and notes that the session is in use', async () => {
      const session = await openNear();
      const note = jest.spyOn(other.nest.get(LastSeenTracker), 'note');
      await until(async () => {
        note.mockClear();
        const commands = await commandsOf(() => verify(other, session));
        expect(note).toHaveBeenCalledWith(session.id, expect.any(Number));
        return commands.length === 0;
      });
    });

    it('not when it is off; then Redis has no more connections than before', async () => {
      const off = await startTestApp();
      const { accessToken: token } = await off.register();
      await off.http.get(VERIFY, { token });
      const clients = String(await off.redis.client.client('LIST'))
        .trim()
        .split('\n');
      // That of the application and that of the test.
      expect(clients).toHaveLength(2);
      const counting = await CommandCounter.start(off.redis.url);
      expect(await counting.during(() => off.http.get(VERIFY, { token }))).toEqual(['evalsha']);
      counting.stop();
      await off.close();
    });
  });

  describe('refuses what another instance has ended, and what it has ended itself at once:', () => {
    type SignedIn = Awaited<ReturnType<typeof signedIn>>;

    async function asAdmin(userId: string, change: Record<string, unknown>) {
      const { accessToken, user } = await one.register();
      await one.database.sql.query(`UPDATE users SET role = 'admin' WHERE id = $1`, [user.id]);
      await one.http.post('/api/auth/logout', { token: accessToken });
      const { accessToken: token } = await one.login(user.email);
      return one.http.call('PATCH', `/api/admin/users/${userId}`, { token, json: change });
    }

    const signInAgain = async ({ email }: SignedIn) => {
      for (let more = 0; more < 3; more += 1) {
        await one.login(email);
      }
      return { status: 200 };
    };

    const WAYS: [string, (session: SignedIn) => Promise<{ status: number }>][] = [
      ['a logout', ({ token }) => one.http.post('/api/auth/logout', { token })],
      ['a logout of all', ({ token }) => one.http.post('/api/auth/logout-all', { token })],
      [
        'the end of one session by its id',
        async ({ email, id }) => {
          const { accessToken: token } = await one.login(email);
          return one.http.delete(`/api/auth/sessions/${id}`, { token });
        },
      ],
      [
        'another password',
        ({ token }) =>
          one.http.put(`${PROFILE}/password`, {
            token,
            json: { currentPassword: PASSWORD, newPassword: 'a brighter horse battery staple' },
          }),
      ],
      ['an account that is disabled', ({ userId }) => asAdmin(userId, { disabled: true })],
      ['another role', ({ userId }) => asAdmin(userId, { role: 'admin' })],
      ['a sign-in beyond the limit of sessions', signInAgain],
      [
        'an account that is deleted',
        ({ token }) =>
          one.http.call('DELETE', PROFILE, { token, json: { currentPassword: PASSWORD } }),
      ],
    ];

    it.each(WAYS)('%s', async (_way, end) => {
      const session = await signedIn(other);
      await keptBy(one, session, () => one.http.get(VERIFY, { token: session.token }));
      // What it has changed itself it knows without Redis.
      const deaf = jest
        .spyOn(one.nest.get<Listening>(NearCache), 'keysChanged')
        .mockImplementation(() => undefined);
      expect((await end(session)).status).toBeLessThan(300);
      expect(await statusOf(one, VERIFY, session.token)).toBe(401);
      expect(await statusOf(one, PROFILE, session.token)).toBe(401);
      deaf.mockRestore();
      await until(async () => (await statusOf(other, VERIFY, session.token)) === 401);
      expect(await statusOf(other, PROFILE, session.token)).toBe(401);
    });
  });

  it('shows a changed profile, at once where it was changed', async () => {
    const session = await signedIn(other);
    const { token } = session;
    const bioOn = async (app: TestApp) =>
      (await app.http.get<{ bio: string | null }>(PROFILE, { token })).body.bio;
    await keptBy(one, session, () => one.http.get(PROFILE, { token }));
    await one.http.put(PROFILE, { token, json: { bio: 'another one' } });
    expect(await bioOn(one)).toBe('another one');
    await until(async () => (await bioOn(other)) === 'another one');
  });

  describe('goes by nothing that Redis has lost:', () => {
    it.each<[string, (session: Session) => Promise<unknown>]>([
      ['a key', ({ userId }) => one.redis.client.del(`session:{${userId}}`)],
      ['all keys', () => one.redis.client.flushall()],
      ['a key that expires', ({ userId }) => one.redis.client.pexpire(`session:{${userId}}`, 20)],
      [
        'whatever somebody says has changed',
        () => one.redis.client.publish('__redis__:invalidate', 'something'),
      ],
    ])('%s', async (_what, lose) => {
      const session = await openNear();
      const position = await one.redis.client.get('latchkey:position');
      await lose(session);
      await until(() => !isNear(other, session));
      await one.redis.client.set('latchkey:position', position!);
      await verify(other, session);
    });
  });

  it('ends with its session', async () => {
    const session = await openNear();
    other.clock.advance(session.expiresAtMs - Date.now());
    await expect(verify(other, session)).rejects.toThrow('expired');
    other.clock.advance(Date.now() - session.expiresAtMs);
  });

  it('goes by nothing for longer than it may, whatever Redis says', async () => {
    const session = await openNear();
    const timings = other.nest.get(NearCacheTimings);
    timings.maxAgeMs = 0;
    expect(isNear(other, session)).toBe(false);
    timings.maxAgeMs = DAY_MS;
    expect(isNear(other, session)).toBe(true);
  });

  it('goes by nothing while Redis is not believed, and by nothing from before', async () => {
    const session = await openNear();
    const trust = other.nest.get(RedisTrust);
    const era = trust.era()!;
    trust.lose('a test says so');
    await verify(other, session);
    expect(trust.gain(era, trust.losses(), performance.now(), Date.now())).toBe(true);
    expect(isNear(other, session)).toBe(false);
    await keptBy(other, session, () => verify(other, session));
  });

  it('is of one user: nobody else is taken for them', async () => {
    const session = await openNear();
    await expect(sessionsOf(other).verify(randomUUID(), session.id)).rejects.toThrow(
      SessionRevokedError,
    );
  });

  it('keeps no answer that a change has overtaken', async () => {
    const session = await open();
    const verifier = other.nest.get(SessionVerifier);
    const ask = verifier.verify.bind(verifier);
    let letGo!: () => void;
    const held = new Promise<void>((resolve) => (letGo = resolve));
    const answered = new Promise<void>((resolve) => {
      jest.spyOn(verifier, 'verify').mockImplementationOnce(async (...args) => {
        const answer = await ask(...args);
        resolve();
        await held;
        return answer;
      });
    });
    const early = verify(other, session);
    await answered;
    const told = jest.spyOn(other.nest.get<Listening>(NearCache), 'keysChanged');
    await sessionsOf(one).revoke(session, 'logout');
    await until(() => told.mock.calls.length > 0);
    letGo();
    await early;
    expect(isNear(other, session)).toBe(false);
    await expect(verify(other, session)).rejects.toThrow(SessionRevokedError);
  });

  it('keeps no more sessions than it may', async () => {
    const small = await startNear({ beside: one, env: { NEAR_CACHE_MAX: '2' } });
    await opened(small);
    const [first, second, third] = [await open(), await open(), await open()];
    for (const session of [first, second, third]) {
      await keptBy(small, session, () => verify(small, session));
    }
    expect([first, second, third].map((session) => isNear(small, session))).toEqual([
      false,
      true,
      true,
    ]);
    await small.close();
  });

  describe('when Redis cannot say what changes, is empty, not used, and nothing is missed:', () => {
    /** Redis says so of the connection over which it tells of changes, to one instance. */
    async function killFeed(): Promise<void> {
      const ids = String(await one.redis.client.client('LIST'))
        .split('\n')
        .filter((line) => line.includes(' sub=1 '))
        .map((line) => /^id=(\d+)/.exec(line)![1]!);
      for (const id of ids) {
        await one.redis.client.client('KILL', 'ID', id);
      }
    }

    const stopRedis = () => process.kill(one.redis.pid, 'SIGSTOP');
    const continueRedis = () => process.kill(one.redis.pid, 'SIGCONT');

    it('its connection is ended', async () => {
      const session = await openNear();
      await killFeed();
      await until(() => !isNear(other, session));
      await sessionsOf(one).revoke(session, 'logout');
      await expect(verify(other, session)).rejects.toThrow(SessionRevokedError);
      await opened(other);
      const next = await openNear();
      await sessionsOf(one).revoke(next, 'logout');
      await until(() => !isNear(other, next));
    });

    it('that connection alone is silent', async () => {
      const [session, kept] = [await openNear(), await openNear()];
      wire.hangSome(isFeed);
      await sessionsOf(one).revoke(session, 'logout');
      await until(() => !isOpen(other));
      expect([session, kept].map((known) => isNear(other, known))).toEqual([false, false]);
      await expect(verify(other, session)).rejects.toThrow(SessionRevokedError);
      await verify(other, kept);
      // It is left after a while, and the next one works.
      await opened(other);
    });

    it('this process stood still, and has not heard what happened meanwhile', async () => {
      const session = await openNear();
      const untilMs = performance.now() + 600;
      while (performance.now() < untilMs) {
        // Nothing else is done.
      }
      expect(isNear(other, session)).toBe(false);
    });

    it('nothing comes through to the instance any more', async () => {
      const [session, kept] = [await openNear(), await openNear()];
      wire.hang();
      await sessionsOf(one).revoke(session, 'logout');
      await until(() => !isOpen(other));
      await expect(verify(other, session)).rejects.toThrow(SessionRevokedError);
      await verify(other, kept);
    });

    it('connections are half-open', async () => {
      const session = await openNear();
      wire.lose();
      await sessionsOf(one).revoke(session, 'logout');
      await until(() => !isOpen(other));
      await expect(verify(other, session)).rejects.toThrow(SessionRevokedError);
    });

    it('its process is stopped', async () => {
      const session = await openNear();
      stopRedis();
      try {
        await until(() => !isOpen(other) && !isOpen(one));
        await verify(other, session);
      } finally {
        continueRedis();
      }
    });

    it('that connection leads to another server than commands do, as after a failover', async () => {
      const session = await openNear();
      const elsewhere = await startTestRedis();
      wire.pointTo(Number(new URL(elsewhere.url).port));
      wire.endSome(isFeed);
      await until(() => !isOpen(other));
      const watched = jest.spyOn(KeyChangeFeed.prototype as unknown as Feed, 'requireSameServer');
      await until(() => watched.mock.results.length > 2);
      await Promise.allSettled(watched.mock.results.map(({ value }) => value as Promise<void>));
      expect(isOpen(other)).toBe(false);
      await verify(other, session);
      expect(isNear(other, session)).toBe(false);
      wire.pointTo(Number(new URL(one.redis.url).port));
      wire.endConnections();
      await opened(other);
      await elsewhere.stop();
    });

    it('commands go over a new connection', async () => {
      const session = await openNear();
      wire.endSome((opening) => !isFeed(opening));
      await until(() => !isNear(other, session));
      await opened(other);
    });

    it('its user may not ask for changes', async () => {
      await one.redis.client.acl(
        'SETUSER',
        'limited',
        'on',
        '>s3cret',
        '~*',
        '&*',
        '+@all',
        '-client|tracking',
      );
      const limited = await startNear({
        beside: one,
        redisUser: { name: 'limited', password: 's3cret' },
      });
      const warnings = () => limited.log.filter((line) => line.includes('near cache stays empty'));
      await until(() => warnings().length > 0);
      const session = await open();
      await verify(limited, session);
      await verify(limited, session);
      expect([isOpen(limited), isNear(limited, session)]).toEqual([false, false]);
      expect(warnings()).toHaveLength(1);
      expect(warnings()[0]).toContain('"level":40');
      // It goes on asking.
      await one.redis.client.acl('SETUSER', 'limited', '+client|tracking');
      await opened(limited);
      await limited.close();
    });
  });
});

/** What tests want to see of others. */
interface Listening {
  keysChanged(): void;
}

interface Feed {
  requireSameServer(): Promise<void>;
}
