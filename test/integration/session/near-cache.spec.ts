import { randomUUID } from 'node:crypto';
import { SessionRevokedError, type Session } from '../../../libs/session';
import { LastSeenTracker } from '../../../libs/session/verify/last-seen.tracker';
import { NearCache } from '../../../libs/session/verify/near-cache/near-cache';
import { NearCacheTimings } from '../../../libs/session/verify/near-cache/near-cache-timings';
import { RedisSessionReader } from '../../../libs/session/store/redis-session-reader';
import { SyncLeases, SyncTimings, UserChanges } from '../../../libs/sync';
import { PASSWORD, startTestApp, type TestApp, type TestAppOptions } from '../../support/app';
import { CommandCounter } from '../../support/command-counter';
import { TcpProxy } from '../../support/tcp-proxy';
import { Sessions } from '../../support/sessions';
import { until } from '../../support/until';

const DAY_MS = 86_400_000;
const PROFILE = '/api/auth/profile';
const VERIFY = '/api/auth/verify';

/** An instance with the near cache on, without a limit of age. */
async function startNear(options: TestAppOptions = {}): Promise<TestApp> {
  const env = { NEAR_CACHE: 'on', ...options.env };
  const app = await startTestApp({ ...options, env });
  app.nest.get(NearCacheTimings).maxAgeMs = DAY_MS;
  return app;
}

const isOpen = (app: TestApp) => app.nest.get(NearCache).isOpen('any user');
const opened = (app: TestApp) => until('the near cache is open', () => isOpen(app));
const closed = (app: TestApp) => until('the near cache is closed', () => isOpen(app), false);

/** Whether an instance has a session in its near cache. */
function isNear(app: TestApp, { userId, id }: Pick<Session, 'userId' | 'id'>): boolean {
  const epoch = app.nest.get(SyncLeases).at(0).epoch();
  return epoch !== null && app.nest.get(NearCache).get(userId, id, epoch) !== undefined;
}

/** Milliseconds: long enough for a busy machine, short enough to wait for its end. */
const LEASE_MS = 2_000;

describe('the near cache', () => {
  let redisWire: TcpProxy;
  let postgresWire: TcpProxy;
  /** Ends sessions and changes profiles. */
  let one: TestApp;
  /** Keeps sessions in its near cache. */
  let other: TestApp;

  beforeAll(async () => {
    one = await startNear({ env: { MAX_SESSIONS_PER_USER: '3' } });
    redisWire = await TcpProxy.start(Number(new URL(one.redis.url).port));
    postgresWire = await TcpProxy.start(Number(new URL(one.database.url).port));
    other = await startNear({
      beside: one,
      redisPort: redisWire.port,
      postgresPort: postgresWire.port,
      timings: Object.assign(new SyncTimings(), { leaseMs: LEASE_MS }),
    });
  });

  beforeEach(async () => {
    redisWire.restore();
    postgresWire.restore();
    await opened(one);
    await opened(other);
  });

  afterEach(() => {
    jest.restoreAllMocks();
  });

  afterAll(async () => {
    await other.close();
    redisWire.stop();
    postgresWire.stop();
    await one.close();
  });

  const sessionsOf = (app: TestApp) => new Sessions(app.nest);

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

  /** Sends requests until the instance keeps the session: it learns of the last changes with a delay. */
  async function keptBy(
    app: TestApp,
    of: Pick<Session, 'userId' | 'id'>,
    ask: () => Promise<unknown>,
  ) {
    await until('the near cache keeps the session', async () => {
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

    const commandsOf = (work: () => Promise<unknown>) => counter.during(work);

    it('that a session is alive, and its profile', async () => {
      const { token, id, userId } = await signedIn(other);
      const commands = () =>
        commandsOf(async () => {
          const profile = await other.http.get(PROFILE, { token });
          const verified = await other.http.get(VERIFY, { token });
          expect([profile.status, verified.status]).toEqual([200, 200]);
          expect(profile.body).toMatchObject({ id: userId });
          expect(profile.headers.get('x-cache')).toMatch(/^(HIT|MISS)$/);
          expect(verified.headers.get('x-session-id')).toBe(id);
        });
      await until('the instance sends no command to Redis', commands, []);
    });

    it('and reads a session without a profile in the near cache from Redis', async () => {
      const { accessToken: token, user, session } = await one.register();
      const of = { userId: user.id, id: session.id };
      await keptBy(other, of, () => other.http.get(VERIFY, { token }));
      expect(await commandsOf(() => other.http.get(PROFILE, { token }))).not.toEqual([]);
    });

    it('and records that the session is in use', async () => {
      const session = await openNear();
      const note = jest.spyOn(other.nest.get(LastSeenTracker), 'note');
      const commands = async () => {
        note.mockClear();
        const sent = await commandsOf(() => verify(other, session));
        expect(note).toHaveBeenCalledWith(
          expect.objectContaining({ id: session.id }),
          expect.any(Number),
        );
        return sent;
      };
      await until('the instance sends no command to Redis', commands, []);
    });

    it('and needs no further connection to Redis', async () => {
      const alone = await startNear();
      const clients = String(await alone.redis.client.client('LIST'));
      // That of the application and that of the test.
      expect(clients.trim().split('\n')).toHaveLength(2);
      await alone.close();
    });

    it('not when it is off', async () => {
      const off = await startTestApp();
      const { accessToken: token } = await off.register();
      await off.http.get(VERIFY, { token });
      const counting = await CommandCounter.start(off.redis.url);
      expect(await counting.during(() => off.http.get(VERIFY, { token }))).toEqual(['evalsha']);
      counting.stop();
      await off.close();
    });
  });

  describe('refuses sessions that another instance has ended, and at once those that it has ended itself:', () => {
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
      expect((await end(session)).status).toBeLessThan(300);
      expect(await statusOf(one, VERIFY, session.token)).toBe(401);
      expect(await statusOf(one, PROFILE, session.token)).toBe(401);
      await until('the token is refused', () => statusOf(other, VERIFY, session.token), 401);
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
    await until('the new profile is shown', () => bioOn(other), 'another one');
  });

  it('is emptied when Redis has lost its data', async () => {
    const session = await openNear();
    await one.redis.client.flushall();
    await until('the near cache drops the session', () => isNear(other, session), false);
    await verify(other, session);
  });

  it('ends with its session', async () => {
    const session = await openNear();
    other.clock.advance(session.expiresAtMs - Date.now());
    await expect(verify(other, session)).rejects.toThrow('expired');
    other.clock.advance(Date.now() - session.expiresAtMs);
  });

  it('uses no entry beyond its maximum age', async () => {
    const timings = other.nest.get(NearCacheTimings);
    timings.maxAgeMs = 300;
    const session = await openNear();
    timings.maxAgeMs = DAY_MS;
    const lasting = await openNear();
    await until('the near cache drops the session', () => isNear(other, session), false);
    expect(isNear(other, lasting)).toBe(true);
  });

  it('is not used while Redis is stale, and neither are earlier entries', async () => {
    const session = await openNear();
    const syncLease = other.nest.get(SyncLeases).at(0);
    const epoch = syncLease.epoch()!;
    syncLease.revoke();
    await verify(other, session);
    expect(syncLease.acquire(epoch, syncLease.term(), performance.now(), Date.now())).toBe(true);
    expect(isNear(other, session)).toBe(false);
    await keptBy(other, session, () => verify(other, session));
  });

  it('is of one user: the session is refused for another user', async () => {
    const session = await openNear();
    await expect(sessionsOf(other).verify(randomUUID(), session.id)).rejects.toThrow(
      SessionRevokedError,
    );
  });

  it('keeps no answer that is older than a change', async () => {
    const session = await open();
    const verifier = other.nest.get(RedisSessionReader);
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
    const told = jest.spyOn(other.nest.get(UserChanges), 'happened');
    await sessionsOf(one).logout(session);
    await until(
      'the other instance learns of the logout',
      () => told.mock.calls.map(([userId]) => userId),
      (userIds) => userIds.includes(session.userId),
    );
    letGo();
    await early;
    expect(isNear(other, session)).toBe(false);
    await expect(verify(other, session)).rejects.toThrow(SessionRevokedError);
  });

  it('keeps no more sessions than its limit', async () => {
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

  describe('is not used when the outbox was not read within the lease, and no change is missed:', () => {
    const stopRedis = () => process.kill(one.redis.pid, 'SIGSTOP');
    const continueRedis = () => process.kill(one.redis.pid, 'SIGCONT');

    it.each<[string, () => void]>([
      ['Postgres cannot be reached', () => postgresWire.cut()],
      ['Postgres does not answer', () => postgresWire.hang()],
    ])('%s', async (_what, breakIt) => {
      const [session, kept] = [await openNear(), await openNear()];
      breakIt();
      await closed(other);
      // The lease is renewed without a poll, so Redis answers.
      expect(other.nest.get(SyncLeases).at(0).epoch()).not.toBeNull();
      await sessionsOf(one).logout(session);
      await expect(verify(other, session)).rejects.toThrow(SessionRevokedError);
      await verify(other, kept);
      expect(isNear(other, kept)).toBe(false);
    });

    it('this process was blocked, and has not read the changes of that time', async () => {
      const session = await openNear();
      const untilMs = performance.now() + LEASE_MS;
      while (performance.now() < untilMs) {
        // Blocks the event loop.
      }
      expect(isNear(other, session)).toBe(false);
    });

    it('the instance receives nothing any more', async () => {
      const [session, kept] = [await openNear(), await openNear()];
      redisWire.hang();
      await sessionsOf(one).logout(session);
      await closed(other);
      await expect(verify(other, session)).rejects.toThrow(SessionRevokedError);
      await verify(other, kept);
    });

    it('connections to Redis are half-open', async () => {
      const session = await openNear();
      redisWire.lose();
      await sessionsOf(one).logout(session);
      await closed(other);
      await expect(verify(other, session)).rejects.toThrow(SessionRevokedError);
    });

    it('the process of Redis is stopped', async () => {
      const session = await openNear();
      stopRedis();
      try {
        await Promise.all([closed(other), closed(one)]);
        await verify(other, session);
      } finally {
        continueRedis();
      }
    });
  });
});
