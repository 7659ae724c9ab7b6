import { mkdtempSync, readdirSync } from 'node:fs';
import { getPriority } from 'node:os';
import { join } from 'node:path';
import { runMigrations } from '../../libs/database/migrate';
import { startPostgres } from '../../tools/local/postgres.mjs';
import type { ApiProcess } from '../support/api-process';
import { useApiSuite } from '../support/api-suite';
import { sharedStores } from '../support/shared-stores';
import { createTestDatabase } from '../support/stores';
import { until } from '../support/until';

/** No server listens there. */
const CLOSED_PORT = '127.0.0.1:9';
const POSTGRES_AWAY = `postgres://latchkey:s3cret@${CLOSED_PORT}/latchkey`;
/** A module that reads files on the threads of the pool. */
const POOL_USER = "import { stat } from 'node:fs/promises'; await stat('/');";
const WAITING = 'waiting for Postgres: connection refused; next attempt in';

describe('the start of the API', () => {
  const suite = useApiSuite();

  /** Checks that it ended with code 1, and with one sentence beside the log. */
  async function expectRefusal(started: ApiProcess, sentence: string): Promise<void> {
    expect(await started.ended).toBe('exit code 1');
    expect(started.complaint).toBe(`Latchkey could not start: ${sentence}\n`);
    expect(started.logged('error')).toEqual([]);
    expect(started.output).not.toContain('s3cret');
  }

  it('waits for a Postgres that starts later, and logs that', async () => {
    const dataDir = join(mkdtempSync(join(sharedStores().folder, 'late-')), 'postgres');
    const first = await startPostgres({ dataDir, password: 's3cret' });
    await runMigrations(first.url);
    await first.stop();

    const started = await suite.spawn({ DATABASE_URL: first.url });
    const warnings = await until(
      'two warnings are logged',
      () => started.logged('warn'),
      (lines) => lines.length >= 2,
    );
    expect(warnings.slice(0, 2)).toEqual([`${WAITING} 0.5 s`, `${WAITING} 1 s`]);
    const again = await startPostgres({ dataDir, password: 's3cret', port: first.port });
    try {
      await started.untilServing();
      expect((await started.http.get('/health/ready')).status).toBe(200);
      expect(started.output).not.toContain('s3cret');
    } finally {
      await started.kill();
      await again.stop();
    }
  });

  /** The priorities of the threads of a process relative to its event loop, without equal ones. */
  function stepsBelow({ pid }: ApiProcess): number[] {
    const own = getPriority(pid);
    return readdirSync(`/proc/${pid}/task`)
      .map((thread) => getPriority(Number(thread)) - own)
      .filter((steps) => steps !== 0);
  }

  const NO_PRIORITY = expect.stringMatching(/^thread priorities are unavailable/) as string;

  it('in production warns of running as root and of a store without a password, and hashes at a lower priority', async () => {
    const started = await suite.spawn({
      NODE_ENV: 'production',
      JWT_SECRET: 'kJ8#mQ2$vX9!pL4&zR7*wN3@bT6^yH1%',
    });
    await started.untilServing();
    const warned = (words: string) => started.logged('warn').some((line) => line.includes(words));
    expect(warned('runs as root')).toBe(process.getuid?.() === 0);
    expect(warned('REDIS_URL has no password')).toBe(true);
    expect(warned('DATABASE_URL has no password')).toBe(false);
    expect(stepsBelow(started)).toEqual([10, 10, 10, 10]);
    expect(started.logged('info')).not.toContainEqual(NO_PRIORITY);
  });

  it('logs that it could not, where the threads had been used before', async () => {
    const env = { NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(POOL_USER)}` };
    const started = await (await suite.spawn(env)).untilServing();
    expect(stepsBelow(started)).toEqual([]);
    expect(started.logged('info')).toContainEqual(NO_PRIORITY);
  });

  it('gives up after START_TIMEOUT', async () => {
    const started = await suite.spawn({ DATABASE_URL: POSTGRES_AWAY, START_TIMEOUT: '1s' });
    const sentence = 'Postgres could not be reached within 1 s: connection refused.';
    await expectRefusal(started, sentence);
    expect(started.logged('warn').length).toBeGreaterThan(0);
  });

  it('repeats the error of Postgres', async () => {
    const refused = new URL(suite.database.url);
    refused.password = 's3cret';
    const started = await suite.spawn({ DATABASE_URL: refused.href, START_TIMEOUT: '1s' });
    const reason = `password authentication failed for user "${refused.username}"`;
    await expectRefusal(started, `Postgres could not be reached within 1 s: ${reason}.`);
  });

  it('ends at once when it is stopped while it waits', async () => {
    const started = await suite.spawn({ DATABASE_URL: POSTGRES_AWAY, START_TIMEOUT: '1h' });
    await until('a warning is logged', () => started.logged('warn').length);
    started.signal('SIGTERM');
    expect(await started.ended).toBe('exit code 0');
    expect(started.logged('info').at(-1)).toBe('stopped during the start (SIGTERM)');
    expect([started.complaint, started.isAlive]).toEqual(['', false]);
  });

  it('reports tables that are missing, or older than the program', async () => {
    const older = await createTestDatabase();
    try {
      const sentence = 'The tables are outdated: run latchkey migrate.';
      await older.sql.query('DELETE FROM migrations WHERE id = (SELECT max(id) FROM migrations)');
      await expectRefusal(await suite.spawn({ DATABASE_URL: older.url }), sentence);
      await older.sql.query('DROP TABLE migrations');
      await expectRefusal(await suite.spawn({ DATABASE_URL: older.url }), sentence);
    } finally {
      await older.drop();
    }
  });

  it('does not need the right to read the table of migrations', async () => {
    const name = `app_${process.pid}`;
    const { sql } = suite.database;
    await sql.query(`CREATE ROLE ${name} LOGIN PASSWORD 's3cret'`);
    try {
      await sql.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON users, subjects TO ${name}`);
      const url = new URL(suite.database.url);
      [url.username, url.password] = [name, 's3cret'];
      const started = await suite.spawn({ DATABASE_URL: url.href });
      await started.untilServing();
      await started.kill();
    } finally {
      await sql.query(`DROP OWNED BY ${name}`);
      await sql.query(`DROP ROLE ${name}`);
    }
  });

  it('does not wait for Redis, and logs that it is away', async () => {
    const started = await suite.spawn({ REDIS_URL: `redis://:s3cret@${CLOSED_PORT}` });
    await started.untilServing();
    const ready = await started.http.get<{ status: string }>('/health/ready');
    expect([ready.status, ready.body.status]).toEqual([200, 'degraded']);
    await until(
      'the log says that Redis refuses connections',
      () => started.logged('warn'),
      (lines) => lines.some((line) => line.includes('ECONNREFUSED')),
    );
    expect(started.output).not.toContain('s3cret');
  });
});
