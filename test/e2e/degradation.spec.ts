import { HealthTimings } from '../../apps/api/health/health-timings';
import { SyncLeases, SyncTimings } from '../../libs/sync';
import { newEmail, PASSWORD, startTestApp, type TestApp } from '../support/app';
import type { AuthResultDto } from '../../apps/api/auth/auth.dto';
import type { ProfileDto } from '../../apps/api/profile/profile.dto';
import type { Answer, Call } from '../support/http-client';
import { avatarForm } from '../support/avatars';
import { someOf } from '../support/long-tests';
import { monochromePng } from '../support/pictures';
import { sharedStores } from '../support/shared-stores';
import { startTestRedis, type TestRedis } from '../support/stores';
import { TcpProxy } from '../support/tcp-proxy';
import { until } from '../support/until';

const PROFILE = '/api/auth/profile';
const CLIENT = 'gateway:a-secret-of-the-tests';
const BASIC = `Basic ${Buffer.from(CLIENT).toString('base64')}`;

/** A user for one route, signed in on two devices, with the profile in the cache. */
interface Subject extends AuthResultDto {
  other: AuthResultDto;
}

interface Route {
  name: string;
  call: (subject: Subject) => [method: string, path: string, call?: Call];
  /** The answers, status and `X-Cache`, with Redis away, with Postgres away, with both. */
  redisAway: string;
  postgresAway: string;
  bothAway: string;
  prepare?: (subject: Subject) => Promise<void>;
}

let app: TestApp;
let redisServer: TestRedis;
let redis: TcpProxy;
let postgres: TcpProxy;
let admin: AuthResultDto;
let avatarUrl: string;

const authed = (subject: AuthResultDto, json?: unknown): Call => ({
  token: subject.accessToken,
  ...(json !== undefined && { json }),
});

const asAdmin = (json?: unknown): Call => authed(admin, json);

const pictureForm = () => avatarForm(monochromePng(64, 64));

/** Every route that needs a store. The table is that of docs/consistency.md. */
const ROUTES: Route[] = [
  {
    name: 'GET verify',
    call: (subject) => ['GET', '/api/auth/verify', authed(subject)],
    redisAway: '200',
    postgresAway: '200',
    bothAway: '503',
  },
  {
    name: 'POST introspect',
    call: ({ accessToken }) => [
      'POST',
      '/api/auth/introspect',
      {
        raw: `token=${accessToken}`,
        headers: {
          authorization: BASIC,
          'content-type': 'application/x-www-form-urlencoded',
        },
      },
    ],
    redisAway: '200',
    postgresAway: '200',
    bothAway: '503',
  },
  {
    name: 'GET profile, cached',
    call: (subject) => ['GET', PROFILE, authed(subject)],
    redisAway: '200 BYPASS',
    postgresAway: '200 HIT',
    bothAway: '503',
  },
  {
    name: 'GET profile, not cached',
    call: (subject) => ['GET', PROFILE, authed(subject)],
    prepare: async ({ user }) => {
      await redisServer.client.del(`user:profile:{${user.id}}`);
    },
    redisAway: '200 BYPASS',
    postgresAway: '503',
    bothAway: '503',
  },
  {
    name: 'PUT profile',
    call: (subject) => ['PUT', PROFILE, authed(subject, { bio: 'changed' })],
    redisAway: '200',
    postgresAway: '503',
    bothAway: '503',
  },
  {
    name: 'POST avatar',
    call: (subject) => ['POST', `${PROFILE}/avatar`, { ...authed(subject), form: pictureForm() }],
    redisAway: '200',
    postgresAway: '503',
    bothAway: '503',
  },
  {
    name: 'DELETE avatar',
    call: (subject) => ['DELETE', `${PROFILE}/avatar`, authed(subject)],
    redisAway: '204',
    postgresAway: '503',
    bothAway: '503',
  },
  {
    name: 'GET avatar',
    call: () => ['GET', avatarUrl],
    redisAway: '200',
    postgresAway: '200',
    bothAway: '200',
  },
  {
    name: 'POST register',
    call: () => ['POST', '/api/auth/register', { json: { email: newEmail(), password: PASSWORD } }],
    redisAway: '201',
    postgresAway: '503',
    bothAway: '503',
  },
  {
    name: 'POST login',
    call: ({ user }) => [
      'POST',
      '/api/auth/login',
      { json: { email: user.email, password: PASSWORD } },
    ],
    redisAway: '200',
    postgresAway: '503',
    bothAway: '503',
  },
  {
    name: 'POST refresh',
    call: ({ refreshToken }) => ['POST', '/api/auth/refresh', { json: { refreshToken } }],
    redisAway: '200',
    postgresAway: '503',
    bothAway: '503',
  },
  {
    name: 'GET sessions',
    call: (subject) => ['GET', '/api/auth/sessions', authed(subject)],
    redisAway: '200',
    postgresAway: '503',
    bothAway: '503',
  },
  {
    name: 'GET events',
    call: (subject) => ['GET', '/api/auth/events', authed(subject)],
    redisAway: '200',
    postgresAway: '503',
    bothAway: '503',
  },
  {
    name: 'DELETE session',
    call: (subject) => [
      'DELETE',
      `/api/auth/sessions/${subject.other.session.id}`,
      authed(subject),
    ],
    redisAway: '204',
    postgresAway: '503',
    bothAway: '503',
  },
  {
    name: 'DELETE session, unknown to Redis',
    call: (subject) => [
      'DELETE',
      '/api/auth/sessions/00000000-0000-4000-8000-000000000000',
      authed(subject),
    ],
    redisAway: '404',
    postgresAway: '503',
    bothAway: '503',
  },
  {
    name: 'POST logout',
    call: (subject) => ['POST', '/api/auth/logout', authed(subject)],
    redisAway: '204',
    postgresAway: '503',
    bothAway: '503',
  },
  {
    name: 'POST logout-all',
    call: (subject) => ['POST', '/api/auth/logout-all', authed(subject)],
    redisAway: '200',
    postgresAway: '503',
    bothAway: '503',
  },
  {
    name: 'PUT password',
    call: (subject) => [
      'PUT',
      `${PROFILE}/password`,
      authed(subject, { currentPassword: PASSWORD, newPassword: 'another long password' }),
    ],
    redisAway: '204',
    postgresAway: '503',
    bothAway: '503',
  },
  {
    name: 'DELETE profile',
    call: (subject) => ['DELETE', PROFILE, authed(subject, { currentPassword: PASSWORD })],
    redisAway: '204',
    postgresAway: '503',
    bothAway: '503',
  },
  {
    name: 'GET admin sessions',
    call: ({ user }) => ['GET', `/api/admin/users/${user.id}/sessions`, asAdmin()],
    redisAway: '200',
    postgresAway: '503',
    bothAway: '503',
  },
  {
    name: 'GET admin events',
    call: ({ user }) => ['GET', `/api/admin/users/${user.id}/events`, asAdmin()],
    redisAway: '200',
    postgresAway: '503',
    bothAway: '503',
  },
  {
    name: 'DELETE admin sessions',
    call: ({ user }) => ['DELETE', `/api/admin/users/${user.id}/sessions`, asAdmin()],
    redisAway: '200',
    postgresAway: '503',
    bothAway: '503',
  },
  {
    name: 'PATCH admin user',
    call: ({ user }) => ['PATCH', `/api/admin/users/${user.id}`, asAdmin({ disabled: true })],
    redisAway: '200',
    postgresAway: '503',
    bothAway: '503',
  },
  {
    name: 'GET api health',
    call: () => ['GET', '/api/auth/health'],
    redisAway: '503',
    postgresAway: '200',
    bothAway: '503',
  },
  {
    name: 'GET live',
    call: () => ['GET', '/health/live'],
    redisAway: '200',
    postgresAway: '200',
    bothAway: '200',
  },
  {
    name: 'GET ready',
    call: () => ['GET', '/health/ready'],
    redisAway: '200',
    postgresAway: '503',
    bothAway: '503',
  },
];

function summary({ status, headers }: Answer): string {
  return [status, headers.get('x-cache')].filter(Boolean).join(' ');
}

/** A refusal for lack of a store has `Retry-After`, and reveals no detail of the store. */
function expectWellFormed(answer: Answer): void {
  if (answer.status === 503 && answer.body.code !== undefined) {
    expect(answer.body.code).toBe('dependency_unavailable');
    expect(answer.headers.get('retry-after')).toMatch(/^\d+$/);
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(JSON.stringify(answer.body)).not.toMatch(/redis|postgres|ECONN|session:/i);
  }
}

async function subjectOf(route: Route): Promise<Subject> {
  const first = await app.register();
  const other = await app.login(first.user.email);
  await knownToRedis(first, other);
  const subject = { ...first, other };
  await route.prepare?.(subject);
  return subject;
}

/** Waits until Redis has the sessions: then their profiles come from the cache. */
async function knownToRedis(...signedIn: AuthResultDto[]): Promise<void> {
  for (const { accessToken: token } of signedIn) {
    await until(
      'the cache has the profile',
      async () => summary(await app.http.get(PROFILE, { token })),
      '200 HIT',
    );
  }
}

/** A request that needs Postgres closes the breaker, which tries a statement up to 250 ms after Postgres is back. */
async function ready(): Promise<void> {
  await until(
    'both stores answer requests',
    async () => {
      const { status, body } = await app.http.get<{ details: { redis: { status: string } } }>(
        '/health/ready',
      );
      const { accessToken: token } = admin;
      const sessions = await app.http.get('/api/auth/sessions', { token });
      return [status, body.details.redis.status, sessions.status];
    },
    [200, 'up', 200],
  );
}

describe.each(someOf(['cut', 'hang'] as const, 1))('with a store away (%s)', (fault) => {
  beforeAll(async () => {
    redisServer = await startTestRedis();
    redis = await TcpProxy.start(Number(new URL(redisServer.url).port));
    postgres = await TcpProxy.start(Number(new URL(sharedStores().postgresUrl).port));
    app = await startTestApp({
      postgresPort: postgres.port,
      redisPort: redis.port,
      timings: new SyncTimings(),
      env: { INTROSPECTION_CLIENTS: CLIENT },
    });
    // Readiness shows each fault at once.
    app.nest.get(HealthTimings).cacheMs = 0;
    const { user } = await app.register();
    await app.database.sql.query(`UPDATE users SET role = 'admin' WHERE id = $1`, [user.id]);
    admin = await app.login(user.email);
    const call = { token: admin.accessToken, form: pictureForm() };
    avatarUrl = (await app.http.post<ProfileDto>(`${PROFILE}/avatar`, call)).body.avatarUrl!;
  });

  afterAll(async () => {
    redis.restore();
    postgres.restore();
    await app.close();
    redis.stop();
    postgres.stop();
    await redisServer.stop();
  });

  beforeEach(ready);

  afterEach(() => {
    redis.restore();
    postgres.restore();
  });

  /** Every route against the fault, each with a user of its own, all at once. */
  async function answersDuring(breakStores: () => void): Promise<Record<string, string>> {
    const subjects = await Promise.all(ROUTES.map(subjectOf));
    await ready();
    breakStores();
    const answers = await Promise.all(
      ROUTES.map(({ call }, index) => app.http.call(...call(subjects[index]!))),
    );
    answers.forEach(expectWellFormed);
    return Object.fromEntries(ROUTES.map(({ name }, index) => [name, summary(answers[index]!)]));
  }

  function expected(column: 'redisAway' | 'postgresAway' | 'bothAway'): Record<string, string> {
    return Object.fromEntries(ROUTES.map((route) => [route.name, route[column]]));
  }

  it('Redis: every request is answered, from the record', async () => {
    expect(await answersDuring(() => redis[fault]())).toEqual(expected('redisAway'));
    expect(app.nest.get(SyncLeases).at(0).epoch()).toBeNull();
  });

  it('Postgres: Redis answers from its entries, the rest is 503', async () => {
    expect(await answersDuring(() => postgres[fault]())).toEqual(expected('postgresAway'));
  });

  it('both: 503, never 401', async () => {
    const both = await answersDuring(() => {
      redis[fault]();
      postgres[fault]();
    });
    expect(both).toEqual(expected('bothAway'));
  });

  it.each<[string, (ended: AuthResultDto, other: AuthResultDto) => [string, string, string]]>([
    ['logout', ({ accessToken }) => ['POST', '/api/auth/logout', accessToken]],
    [
      'the end of a session by its id',
      ({ session }, { accessToken }) => ['DELETE', `/api/auth/sessions/${session.id}`, accessToken],
    ],
    [
      'the end of its own session by its id',
      ({ session, accessToken }) => ['DELETE', `/api/auth/sessions/${session.id}`, accessToken],
    ],
  ])(
    'Postgres: after 503 to %s the token is refused, and a repetition makes it durable',
    async (_what, callOf) => {
      const ended = await app.register();
      const other = await app.login(ended.user.email);
      await knownToRedis(ended, other);
      const [method, path, token] = callOf(ended, other);
      const { accessToken } = ended;
      postgres[fault]();
      const first = await app.http.call(method, path, { token });
      expect([first.status, first.body.code]).toEqual([503, 'dependency_unavailable']);
      const refused = await app.http.get(PROFILE, { token: accessToken });
      expect([refused.status, refused.body.code]).toEqual([401, 'token_revoked']);
      expect((await app.http.get(PROFILE, { token: other.accessToken })).status).toBe(200);
      const still = await app.http.call(method, path, { token });
      expect(still.status).toBe(503);
      postgres.restore();
      await ready();
      const again = await app.http.call(method, path, { token });
      // A statement that hung is executed when Postgres continues: then there is nothing to repeat.
      expect(fault === 'cut' ? [204] : [204, 401, 404]).toContain(again.status);
      const rows = await app.database.sql.query<unknown[]>(
        'SELECT 1 FROM sessions WHERE id = $1 AND revoked_at IS NOT NULL',
        [ended.session.id],
      );
      expect(rows).toHaveLength(1);
      expect((await app.http.call(method, path, { token: accessToken })).status).toBe(401);
    },
  );
});
