import { OverloadedError } from '../../../libs/common';
import { Database, runMigrations } from '../../../libs/database';
import { Metrics } from '../../../libs/metrics';
import { PASSWORD, startTestApp, type TestApp } from '../../support/app';
import { avatarForm } from '../../support/avatars';
import { runCommand } from '../../support/cli';
import { someOf } from '../../support/long-tests';
import { Scrape } from '../../support/metrics';
import { picture } from '../../support/pictures';

const PROFILE = '/api/auth/profile';
const USERS = 3;
const WAITS = 'latchkey_postgres_pool_wait_duration_seconds_count';

describe.each(someOf([1, 2], 1))('with DATABASE_POOL_MAX=%s', (size) => {
  let app: TestApp;
  let database: Database;

  beforeAll(async () => {
    app = await startTestApp({
      env: { DATABASE_POOL_MAX: String(size), MAX_SESSIONS_PER_USER: '3', NEAR_CACHE: 'on' },
    });
    database = app.nest.get(Database);
  });

  afterAll(() => app.close());

  async function waits(outcome: 'ok' | 'refused'): Promise<number> {
    return new Scrape(await app.nest.get(Metrics).text()).sum(WAITS, { outcome });
  }

  /** Every kind of change that a user can make. @returns the statuses of the answers. */
  async function wholeLife(avatar: Buffer): Promise<number[]> {
    const { http } = app;
    const { accessToken: token, refreshToken, user } = await app.register();
    const second = await app.login(user.email);
    const statuses = await Promise.all([
      http.put(PROFILE, { token, json: { bio: 'Analyst' } }),
      http.post(`${PROFILE}/avatar`, { token, form: avatarForm(avatar) }),
      http.post('/api/auth/refresh', { json: { refreshToken } }),
      http.get('/api/auth/sessions', { token }),
      http.get('/api/auth/events', { token }),
      http.post('/api/auth/logout', { token: second.accessToken }),
    ]);
    const newPassword = 'another long password';
    const json = { currentPassword: PASSWORD, newPassword };
    const changed = await http.put(`${PROFILE}/password`, { token, json });
    const { accessToken: last } = await app.login(user.email, newPassword);
    const call = { token: last, json: { currentPassword: newPassword } };
    const deleted = await http.delete(PROFILE, call);
    return [...statuses, changed, deleted].map(({ status }) => status);
  }

  it('does everything that users do at once, beside a job, a command and a migration', async () => {
    const avatar = await picture(32, 32).png().toBuffer();
    const env = {
      DATABASE_URL: app.database.url,
      DATABASE_POOL_MAX: String(size),
      REDIS_URL: app.redis.url,
      JWT_SECRET: 'a secret of the tests, long enough',
    };
    const [lives, job, migrated] = await Promise.all([
      Promise.all(Array.from({ length: USERS }, () => wholeLife(avatar))),
      database.exclusively('of the test', () =>
        database.transaction(() => database.run((manager) => manager.query<unknown[]>('SELECT 1'))),
      ),
      runMigrations(app.database.url),
    ]);
    expect(lives).toEqual(lives.map(() => [200, 200, 200, 200, 200, 204, 204, 204]));
    expect(job?.result).toHaveLength(1);
    expect(migrated).toEqual([]);
    const command = await runCommand(['clean-up'], env);
    expect([command.exitCode, command.stderr]).toEqual([0, '']);
    expect(database.pool.totalCount).toBeLessThanOrEqual(size);
    expect(await waits('ok')).toBeGreaterThan(0);
    expect(await waits('refused')).toBe(0);
  });

  it('refuses a statement that has waited too long, and answers readiness meanwhile', async () => {
    let end!: () => void;
    const isOver = new Promise<void>((resolve) => (end = resolve));
    // Each holds a connection.
    const holding = Array.from({ length: size }, () => database.transaction(() => isOver));
    await expect(database.run((manager) => manager.query('SELECT 1'))).rejects.toThrow(
      OverloadedError,
    );
    expect((await app.http.get('/health/ready')).status).toBe(200);
    end();
    await Promise.all(holding);
    // Statements of the background waited as well.
    expect(await waits('refused')).toBeGreaterThan(0);
    expect(database.circuitState).toBe('closed');
    expect(await database.run((manager) => manager.query('SELECT 1'))).toHaveLength(1);
  });
});
