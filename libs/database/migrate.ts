import { DataSource } from 'typeorm';
import { dataSourceOptions } from './data-source-options';

/** Any number that no other program on this database uses for an advisory lock. */
const MIGRATION_LOCK = 7_240_051;

/**
 * Brings the database's tables up to date. Safe to start from many processes at once: they queue on
 * an advisory lock, and all but the first find nothing to do.
 * @returns the names of the migrations that ran, in order.
 */
export async function runMigrations(url: string): Promise<string[]> {
  const lock = new DataSource({ ...dataSourceOptions({ url, statementTimeoutMs: 600_000 }) });
  await lock.initialize();
  const holder = lock.createQueryRunner();
  try {
    await holder.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    const ran = await lock.runMigrations();
    return ran.map((migration) => migration.name);
  } finally {
    await holder.release();
    await lock.destroy();
  }
}

const UNDEFINED_TABLE = '42P01';
const INSUFFICIENT_PRIVILEGE = '42501';

/**
 * Whether the database lacks tables of this program. No where the program may not read which it has:
 * migrating is another user's business then.
 * @param query how to ask, where not through the pool. One statement.
 */
export async function hasPendingMigrations(
  dataSource: DataSource,
  query: (sql: string) => Promise<{ name: string }[]> = (sql) => dataSource.query(sql),
): Promise<boolean> {
  try {
    const rows = await query('SELECT name FROM migrations');
    const done = new Set(rows.map(({ name }) => name));
    return dataSource.migrations.some(
      ({ name, constructor }) => !done.has(name ?? constructor.name),
    );
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (code === UNDEFINED_TABLE || code === INSUFFICIENT_PRIVILEGE) {
      return code === UNDEFINED_TABLE;
    }
    throw error;
  }
}
