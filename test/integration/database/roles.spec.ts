import { join } from 'node:path';
import { Client } from 'pg';
import { waitForPostgres } from '../../../libs/database';
import { startPostgres } from '../../../tools/local/postgres.mjs';
import { PASSWORD, startTestApp, type TestApp } from '../../support/app';
import { runCommand } from '../../support/cli';
import { sectionOf } from '../../support/document';
import { newFolder } from '../../support/stores';

const PROFILE = '/api/auth/profile';
const INSUFFICIENT_PRIVILEGE = '42501';
const OWNER = 'latchkey_owner:change-me';
const RUNNING = 'latchkey_app:change-me';
/** As the administrator of a managed Postgres: no superuser. */
const ADMINISTRATOR = 'administrator:administrator';

/** The statements of docs/postgres.md, by its steps. */
function documentedSteps(): string[][] {
  const section = sectionOf('docs/postgres.md', 'The roles');
  return [...section.matchAll(/```sql\n(.*?)```/gs)].map(([, sql = '']) =>
    sql.split(/;\s*\n/).filter((statement) => statement.trim() !== ''),
  );
}

describe('the roles of docs/postgres.md', () => {
  let server: Awaited<ReturnType<typeof startPostgres>>;
  let app: TestApp;

  function urlOf(account: string, database = 'latchkey', query = '?schema=latchkey'): string {
    return `postgres://${account}@127.0.0.1:${server.port}/${database}${query}`;
  }

  async function asRole(url: string, ...statements: string[]): Promise<unknown[]> {
    const client = new Client({ connectionString: url });
    await client.connect();
    try {
      let rows: unknown[] = [];
      for (const statement of statements) {
        ({ rows } = await client.query<Record<string, unknown>>(statement));
      }
      return rows;
    } finally {
      await client.end();
    }
  }

  const env = () => ({
    DATABASE_URL: urlOf(RUNNING),
    REDIS_URL: app.redis.url,
    JWT_SECRET: 'a secret of the tests, long enough',
  });

  beforeAll(async () => {
    server = await startPostgres({
      dataDir: join(newFolder('roles-'), 'data'),
      password: 'test',
      user: 'root',
      database: 'first',
      flags: ['fsync=off'],
    });
    await asRole(
      server.url,
      "CREATE ROLE administrator LOGIN CREATEDB CREATEROLE PASSWORD 'administrator'",
    );
    const [roles = [], schema = [], narrow = [], ...more] = documentedSteps();
    expect(more).toEqual([]);
    await asRole(urlOf(ADMINISTRATOR, 'first', ''), ...roles);
    await asRole(
      urlOf(ADMINISTRATOR, 'latchkey', ''),
      ...schema,
      'REVOKE ALL ON SCHEMA public FROM PUBLIC',
    );
    const migrated = await runCommand(['migrate'], { DATABASE_URL: urlOf(OWNER) });
    expect([migrated.exitCode, migrated.stderr]).toEqual([0, '']);
    await asRole(urlOf(OWNER, 'latchkey', ''), ...narrow);
    app = await startTestApp({
      env: { DATABASE_URL: urlOf(RUNNING), MAX_SESSIONS_PER_USER: '5' },
    });
  }, 120_000);

  afterAll(async () => {
    await app.close();
    await server.stop();
  });

  it('start, migrate and find the schema by each of its parameters', async () => {
    for (const query of [
      'schema=latchkey',
      'search_path=latchkey',
      'options=-csearch_path%3Dlatchkey',
    ]) {
      await waitForPostgres(urlOf(RUNNING, 'latchkey', `?${query}`), 0);
    }
    const tables = await asRole(
      urlOf(RUNNING),
      `SELECT DISTINCT schemaname FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`,
    );
    expect(tables).toEqual([{ schemaname: 'latchkey' }]);
    // There is nothing to do, so it needs no right.
    const again = await runCommand(['migrate'], { DATABASE_URL: urlOf(RUNNING) });
    expect([again.exitCode, again.stderr]).toEqual([0, '']);
  });

  it('do the main job', async () => {
    const { accessToken: token, refreshToken, user } = await app.register();
    const refreshed = await app.http.post('/api/auth/refresh', { json: { refreshToken } });
    expect(refreshed.status).toBe(200);
    const changed = await app.http.put(PROFILE, { token, json: { bio: 'Analyst' } });
    expect(changed.status).toBe(200);
    expect((await app.http.get('/api/auth/sessions', { token })).status).toBe(200);
    expect((await app.http.get('/api/auth/events', { token })).status).toBe(200);

    const { accessToken: second } = await app.login(user.email);
    expect((await app.http.post('/api/auth/logout', { token: second })).status).toBe(204);
    expect((await app.http.get(PROFILE, { token: second })).body.code).toBe('token_revoked');
    const everywhere = await app.http.post('/api/auth/logout-all', { token });
    expect(everywhere.body).toEqual({ revokedSessions: 1 });

    const third = await app.login(user.email);
    const newPassword = 'another long password';
    const password = await app.http.put(`${PROFILE}/password`, {
      token: third.accessToken,
      json: { currentPassword: PASSWORD, newPassword },
    });
    expect(password.status).toBe(204);
    const fourth = await app.login(user.email, newPassword);
    const deleted = await app.http.delete(PROFILE, {
      token: fourth.accessToken,
      json: { currentPassword: newPassword },
    });
    expect(deleted.status).toBe(204);
    expect((await app.http.get('/health/ready')).status).toBe(200);
  });

  it.each([
    ['clean-up'],
    ['stats'],
    ['sessions list'],
    ['users grant-role', 'admin'],
    ['users events'],
    ['sessions revoke'],
  ])('run the command %s', async (command, ...more) => {
    const { user } = await app.register();
    const args = command.includes(' ') ? [...command.split(' '), user.email, ...more] : [command];
    const { exitCode, stderr } = await runCommand(args, env());
    expect([exitCode, stderr]).toEqual([0, '']);
  });

  it('delete old rows: each table with an end has one', async () => {
    await app.register();
    const old = "now() - interval '1 year'";
    await asRole(
      urlOf(OWNER),
      `SET search_path = latchkey`,
      `UPDATE sessions SET expires_at = ${old}`,
      `UPDATE outbox SET recorded_at = ${old}`,
      `ALTER TABLE audit_events DISABLE TRIGGER USER`,
      `UPDATE audit_events SET occurred_at = ${old}`,
      `ALTER TABLE audit_events ENABLE TRIGGER USER`,
    );
    const { exitCode, stderr } = await runCommand(['clean-up'], env());
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(
      await asRole(
        urlOf(OWNER),
        `SELECT (SELECT count(*)::int FROM latchkey.sessions) AS sessions,
                (SELECT count(*)::int FROM latchkey.audit_events WHERE occurred_at < ${old}) AS events`,
      ),
    ).toEqual([{ sessions: 0, events: 0 }]);
  });

  it.each([
    'ALTER TABLE latchkey.users ADD x int',
    'DROP TABLE latchkey.outbox',
    'TRUNCATE latchkey.sessions',
    'CREATE TABLE latchkey.more (id int)',
    'CREATE TABLE public.more (id int)',
    'CREATE TEMPORARY TABLE more (id int)',
    'ALTER TABLE latchkey.audit_events DISABLE TRIGGER USER',
    'DROP FUNCTION latchkey.refuse_change_of_audit_events() CASCADE',
    "UPDATE latchkey.audit_events SET name = 'x'",
    "UPDATE latchkey.outbox SET kind = 'x'",
    'DELETE FROM latchkey.subjects',
    'DELETE FROM latchkey.migrations',
    "SELECT setval('latchkey.redis_epochs', 1)",
  ])('refuse the running role: %s', async (statement) => {
    await expect(asRole(urlOf(RUNNING), statement)).rejects.toMatchObject({
      code: INSUFFICIENT_PRIVILEGE,
    });
  });

  it('give the running role its rights on tables of later migrations', async () => {
    await asRole(urlOf(OWNER), 'CREATE TABLE latchkey.later (id serial)');
    await asRole(
      urlOf(RUNNING),
      'INSERT INTO latchkey.later DEFAULT VALUES',
      'UPDATE latchkey.later SET id = 2',
      'DELETE FROM latchkey.later',
    );
    await asRole(urlOf(OWNER), 'DROP TABLE latchkey.later');
  });
});
