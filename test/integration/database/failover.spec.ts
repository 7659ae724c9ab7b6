import { Database, DatabaseInspector, waitForPostgres } from '../../../libs/database';
import { clientConfigOf, dataSourceOptions } from '../../../libs/database/data-source-options';
import { connect } from '../../../libs/database/postgres-client';
import { PASSWORD, startTestApp, type TestApp } from '../../support/app';
import { ReplicatedPostgres } from '../../support/replicated-postgres';
import { until } from '../../support/until';

const PROFILE = '/api/auth/profile';
const DEVICES = 6;

describe.each([
  ['is killed', 'killPrimary'],
  ['hangs', 'suspendPrimary'],
] as const)('a primary of Postgres that %s, and its standby that is promoted', (_how, fault) => {
  let postgres: ReplicatedPostgres;
  let app: TestApp;

  beforeAll(async () => {
    postgres = await ReplicatedPostgres.start();
    app = await startTestApp({ env: { DATABASE_URL: postgres.url } });
  }, 120_000);

  afterAll(async () => {
    await app.close();
    await postgres.stop();
  });

  const logIn = (email: string) =>
    app.http.post<{ accessToken: string }>('/api/auth/login', {
      json: { email, password: PASSWORD },
    });
  const logOut = async (token: string) =>
    (await app.http.post('/api/auth/logout', { token })).status;
  const codeOf = async (token: string) => {
    const { status, body } = await app.http.get(PROFILE, { token });
    return status === 200 ? 200 : body.code;
  };

  it('keep every promise, without a restart', async () => {
    const { accessToken: alive, user } = await app.register();
    const { accessToken: revoked } = await app.login(user.email);
    expect(await logOut(revoked)).toBe(204);
    // As many connections of the pool as there are devices.
    await Promise.all(Array.from({ length: DEVICES }, () => app.login(user.email)));
    expect(await codeOf(alive)).toBe(200);

    await postgres[fault]();
    await until('a sign-in is answered 503', async () => (await logIn(user.email)).status, 503);
    expect(await codeOf(alive)).toBe(200);
    expect(await codeOf(revoked)).toBe('token_revoked');

    await postgres.promote();
    const {
      body: { accessToken: later },
    } = await until(
      'users sign in again',
      () => logIn(user.email),
      ({ status }) => status === 200,
    );
    expect(await logOut(later)).toBe(204);
    expect(await codeOf(later)).toBe('token_revoked');
    expect(await codeOf(revoked)).toBe('token_revoked');
    expect(await codeOf(alive)).toBe(200);
    await until(
      'the outbox and readiness have connections',
      async () => {
        const { status, body } = await app.http.get<{ status: string }>('/health/ready');
        return status === 200 && body.status;
      },
      'ok',
    );

    // From the new primary alone.
    await app.redis.client.flushall();
    expect(await codeOf(alive)).toBe(200);
    expect(await codeOf(revoked)).toBe('token_revoked');
    expect(await codeOf(later)).toBe('token_revoked');
  });

  it('leave no connection to the old primary behind', async () => {
    const database = app.nest.get(Database);
    const asking = Array.from({ length: DEVICES }, () =>
      database.run((manager) =>
        manager.query<{ port: number }[]>('SELECT inet_server_port() AS port, pg_sleep(0.1)'),
      ),
    );
    const ports = (await Promise.all(asking)).map(([row]) => row?.port);
    expect(new Set(ports)).toEqual(new Set([postgres.standbyPort]));
    expect(await app.nest.get(DatabaseInspector).inspect()).toMatchObject({
      hasPendingMigrations: false,
    });
  });

  it('are told apart by a process that starts afterwards', async () => {
    if (fault === 'killPrimary') {
      await postgres.rejoin();
    }
    await waitForPostgres(postgres.url, 0);
    const client = await connect(clientConfigOf(dataSourceOptions({ url: postgres.url })));
    try {
      expect(client.port).toBe(postgres.standbyPort);
    } finally {
      await client.end();
    }
  });
});
