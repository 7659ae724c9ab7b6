import { DataSource } from 'typeorm';
import { InternalError } from '#libs/common';
import { clientConfigOf, dataSourceOptions } from './data-source-options';
import { codeOf, SQLSTATE } from './database-errors';
import { underLock } from './exclusive-work';
import { connect } from './postgres-client';

/** An arbitrary number, unique among the advisory locks of this database. */
const MIGRATION_LOCK = 7_240_051;
const STATEMENT_TIMEOUT_MS = 600_000;

/**
 * Migrates the tables of the database. Safe to run from many processes at once: they queue on an advisory lock, and all
 * but the first find nothing to do. Two connections.
 * @returns the names of the migrations that ran, in order.
 * @throws InternalError with one sentence if the role lacks a privilege.
 */
export async function runMigrations(url: string): Promise<string[]> {
  const options = dataSourceOptions({
    url,
    poolSize: 1,
    statementTimeoutMs: STATEMENT_TIMEOUT_MS,
  });
  const config = clientConfigOf(options);
  const lock = {
    name: 'migrations',
    sql: 'SELECT true AS acquired FROM pg_advisory_xact_lock($1)',
    parameters: [MIGRATION_LOCK],
  };
  const dataSource = new DataSource(options);
  try {
    await dataSource.initialize();
    const done = await underLock(await connect(config), config.settings, lock, () =>
      dataSource.runMigrations(),
    );
    return (done?.result ?? []).map(({ name }) => name);
  } catch (error) {
    throw missingRight(error, config.settings.schema) ?? error;
  } finally {
    if (dataSource.isInitialized) {
      await dataSource.destroy();
    }
  }
}

/** The missing privilege or schema, as one sentence; undefined for other errors. */
function missingRight(error: unknown, schema: string): Error | undefined {
  const code = codeOf(error);
  if (code === SQLSTATE.insufficientPrivilege) {
    const { message } = error as Error;
    const sentence = message.includes('permission denied for schema')
      ? `The role of DATABASE_URL may not create tables in schema ${schema}`
      : `The role of DATABASE_URL lacks a privilege (${message.split('\n')[0]})`;
    return new InternalError(`${sentence}.`, { cause: error });
  }
  return code === SQLSTATE.invalidSchemaName
    ? new InternalError(
        `The database of DATABASE_URL has no schema ${schema} that the role may use.`,
        {
          cause: error,
        },
      )
    : undefined;
}

/**
 * Whether the database lacks tables of this program. False if the role may not read the list of migrations: another
 * role then runs them.
 * @param query runs one statement; the pool where absent.
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
    const code = codeOf(error);
    if (code === SQLSTATE.undefinedTable || code === SQLSTATE.insufficientPrivilege) {
      return code === SQLSTATE.undefinedTable;
    }
    throw error;
  }
}
