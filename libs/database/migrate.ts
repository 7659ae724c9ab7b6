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
