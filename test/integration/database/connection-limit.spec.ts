import { HealthTimings } from '../../../apps/api/health/health-timings';
import { Database } from '../../../libs/database';
import { startTestApp, type TestApp } from '../../support/app';
import { runCommand } from '../../support/cli';
import { createTestDatabase, type TestDatabase } from '../../support/stores';

const PROFILE = '/api/auth/profile';
const CLIENTS = 12;
const REQUESTS = 8;

interface Report {
  details: { postgres: { status: string; warnings: { code: string }[] } };
}

describe('a role that Postgres grants few connections', () => {
  const role = `limited_${process.pid}`;
  let database: TestDatabase;
  let url: string;
  let app: TestApp;

  beforeAll(async () => {
    database = await createTestDatabase();
    await database.sql.query(`CREATE ROLE ${role} LOGIN PASSWORD 'limited'`);
    await database.sql.query(`GRANT latchkey TO ${role}`);
    url = Object.assign(new URL(database.url), { username: role, password: 'limited' }).href;
  });

  afterEach(() => app.close());

  afterAll(async () => {
    await database.sql.query(`DROP ROLE ${role}`);
    await database.drop();
  });

  async function start(limit: number, env: Record<string, string> = {}): Promise<void> {
    await database.sql.query(`ALTER ROLE ${role} CONNECTION LIMIT ${limit}`);
    app = await startTestApp({ env: { DATABASE_URL: url, ...env } });
    app.nest.get(HealthTimings).cacheMs = 0;
  }

  /** Clients that each change a profile of their own repeatedly. @returns the number of answers by status. */
  async function statusesUnderLoad(): Promise<Record<string, number>> {
    const counts: Record<string, number> = {};
    const users = await Promise.all(Array.from({ length: CLIENTS }, () => app.register()));
    await Promise.all(
      users.map(async ({ accessToken: token }) => {
        for (let request = 0; request < REQUESTS; request += 1) {
          const json = { bio: `change ${request}` };
          const { status } = await app.http.put(PROFILE, { token, json });
          counts[status] = (counts[status] ?? 0) + 1;
        }
      }),
    );
    return counts;
  }

  it('serves more clients than that, leaves one for a lock, and readiness names the limit', async () => {
    // Where the first host is full, the second, at which no server listens, is not tried.
    const several = url.replace(/(@[^/]+)/, '$1,127.0.0.1:9');
    await start(5, { DATABASE_URL: several });
    const load = statusesUnderLoad();
    const locked = app.nest.get(Database).exclusively('sweep', () => Promise.resolve('swept'));
    expect(await load).toEqual({ 200: CLIENTS * REQUESTS });
    expect(await locked).toEqual({ result: 'swept' });
    const { status, body } = await app.http.get<Report>('/health/ready');
    expect(status).toBe(200);
    expect(body.details.postgres).toMatchObject({
      status: 'degraded',
      warnings: [{ code: 'too_many_connections' }],
    });

    const { pool } = app.nest.get(Database);
    for (let time = 0; time < 5; time += 1) {
      pool.limit();
    }
    expect(pool.options.max).toBeGreaterThan(1);
  });

  it('leaves connections for the command line where DATABASE_POOL_MAX is lower', async () => {
    await start(6, { DATABASE_POOL_MAX: '1' });
    const load = statusesUnderLoad();
    const answer = await runCommand(['clean-up'], {
      DATABASE_URL: url,
      DATABASE_POOL_MAX: '1',
      REDIS_URL: app.redis.url,
      JWT_SECRET: 'a secret of the tests, long enough',
    });
    expect([answer.exitCode, answer.stderr]).toEqual([0, '']);
    expect(await load).toEqual({ 200: CLIENTS * REQUESTS });
    const { body } = await app.http.get<Report>('/health/ready');
    expect(body.details.postgres).toMatchObject({ status: 'up', warnings: [] });
  });
});
