import { setTimeout as pause } from 'node:timers/promises';
import { Client } from 'pg';
import { Database } from '../../../libs/database';
import { runMigrations } from '../../../libs/database/migrate';
import { startTestApp, type TestApp } from '../../support/app';
import { runCommand } from '../../support/cli';
import { startPgBouncer, type TestPgBouncer } from '../../support/pgbouncer';
import { createTestDatabase, type TestDatabase } from '../../support/stores';

/** Defaults that an administrator may have set for the database, or for the role, each for a reason. */
const DEFAULTS = {
  default_transaction_isolation: `'serializable'`,
  default_transaction_read_only: 'on',
  default_transaction_deferrable: 'on',
  search_path: `'nowhere'`,
  timezone: `'Asia/Kathmandu'`,
  datestyle: `'SQL, DMY'`,
  statement_timeout: `'300ms'`,
  lock_timeout: `'100ms'`,
  idle_in_transaction_session_timeout: `'250ms'`,
  bytea_output: 'escape',
  synchronous_commit: 'off',
};

const PROFILE = '/api/auth/profile';
/** As many as the connections of the pool, and fewer. */
const SERVER_CONNECTIONS = { session: 12, transaction: 4 };
/** Longer than any time-out of the defaults. */
const LONGER_MS = 500;

describe.each([
  ['on Postgres itself', undefined],
  ['behind a pool of sessions', 'session'],
  ['behind a pool of transactions', 'transaction'],
] as const)('with unusual defaults of the database, %s,', (_way, mode) => {
  let pooler: TestPgBouncer | undefined;
  let database: TestDatabase;
  let url: string;
  let app: TestApp;

  beforeAll(async () => {
    pooler = mode && (await startPgBouncer(mode, { size: SERVER_CONNECTIONS[mode] }));
    database = await createTestDatabase();
    await setDefaults(database);
    url = pooler?.urlOf(database.url) ?? database.url;
    app = await startTestApp({ env: { DATABASE_URL: url, DATABASE_POOL_MAX: '6' } });
  }, 10 * 60_000);

  afterAll(async () => {
    await app.close();
    await database.drop();
    await pooler?.stop();
  });

  async function setDefaults({ sql }: TestDatabase): Promise<void> {
    const rows = await sql.query<{ name: string }[]>('SELECT current_database() AS name');
    for (const [name, value] of Object.entries(DEFAULTS)) {
      await sql.query(`ALTER DATABASE ${rows[0]!.name} SET ${name} = ${value}`);
    }
  }

  it('changes of one profile at once all succeed, in turn', async () => {
    const { accessToken: token, user } = await app.register();
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, index) =>
        app.http.put(PROFILE, { token, json: { bio: `change ${index}` } }),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    const rows = await database.sql.query<{ version: number }[]>(
      'SELECT profile_version AS version FROM public.users WHERE id = $1',
      [user.id],
    );
    expect(rows[0]!.version).toBe(1 + answers.length);
  });

  it('instants are unchanged', async () => {
    const { session, user } = await app.register();
    const seconds = Math.abs(Date.parse(user.createdAt) - Date.now()) / 1000;
    expect(seconds).toBeLessThan(60);
    expect(Date.parse(session.createdAt) - Date.parse(user.createdAt)).toBeLessThan(60_000);
  });

  it('statements, locks and transactions may take the time of our deadlines, and no more', async () => {
    const door = app.nest.get(Database);
    const asking = (seconds: number) =>
      door.run((manager) => manager.query<unknown[]>('SELECT pg_sleep($1)', [seconds]));
    await Promise.all([
      expect(asking(LONGER_MS / 1000)).resolves.toHaveLength(1),
      expect(
        door.transaction(async () => {
          await asking(0);
          await pause(LONGER_MS);
          return asking(0);
        }),
      ).resolves.toHaveLength(1),
      expect(asking(30)).rejects.toMatchObject({ cause: { driverError: { code: '57014' } } }),
    ]);
    await expect(asking(0)).resolves.toHaveLength(1);
  });

  it('a commit is durable', async () => {
    const rows = await app.nest
      .get(Database)
      .run((manager) => manager.query<unknown[]>('SHOW synchronous_commit'));
    expect(rows).toEqual([{ synchronous_commit: 'on' }]);
  });

  it('a statement that fails leaves nothing behind', async () => {
    const door = app.nest.get(Database);
    const failing = () => door.run((manager) => manager.query('SELECT 1 / $1::int', [0]));
    for (let time = 0; time < 5; time += 1) {
      await expect(failing()).rejects.toMatchObject({ driverError: { code: '22012' } });
    }
    const rows = await door.run((manager) =>
      manager.query<unknown[]>('SELECT $1::int AS one', [1]),
    );
    expect(rows).toEqual([{ one: 1 }]);
  });

  it('the command line cleans up', async () => {
    const env = {
      DATABASE_URL: url,
      DATABASE_POOL_MAX: '1',
      REDIS_URL: app.redis.url,
      JWT_SECRET: 'a secret of the tests, long enough',
    };
    const answer = await runCommand(['clean-up'], env);
    expect([answer.exitCode, answer.stderr]).toEqual([0, '']);
  });

  it('tables are created in the schema of the URL, and no setting of a session is left', async () => {
    // A new connection of the pool has the defaults of the database: it may only read.
    await database.sql.query('BEGIN READ WRITE; CREATE SCHEMA IF NOT EXISTS elsewhere; COMMIT');
    const there = new URL(url);
    there.searchParams.set('schema', 'elsewhere');
    const ran = await Promise.all([runMigrations(there.href), runMigrations(there.href)]);
    expect(ran.flat().length).toBeGreaterThan(3);
    expect(ran.some((names) => names.length === 0)).toBe(true);
    const rows = await database.sql.query<{ name: string }[]>(
      `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'elsewhere'`,
    );
    expect(rows.map(({ name }) => name)).toEqual(expect.arrayContaining(['users', 'migrations']));

    // Another program that shares the pooler would get these connections.
    const clients = Array.from({ length: 3 }, () => new Client({ connectionString: url }));
    try {
      for (const client of clients) {
        await client.connect();
        // The transaction stays open while the other clients connect, so that each gets a connection of its own.
        await client.query('BEGIN; SET LOCAL idle_in_transaction_session_timeout = 0');
        const found = await client.query<Record<string, string>>(
          `SELECT current_setting('statement_timeout') AS statement, current_setting('lock_timeout') AS lock,
                  current_setting('search_path') AS path, current_setting('transaction_isolation') AS isolation,
                  (SELECT count(*)::int FROM pg_locks JOIN pg_database ON database = pg_database.oid
                   WHERE locktype = 'advisory' AND datname = current_database()) AS locks`,
        );
        expect(found.rows[0]).toEqual({
          statement: '300ms',
          lock: '100ms',
          path: 'nowhere',
          isolation: 'serializable',
          locks: 0,
        });
      }
    } finally {
      await Promise.all(clients.map((client) => client.end()));
    }
  });
});
