import { escapeIdentifier, escapeLiteral } from 'pg';

/** Settings of every transaction. Milliseconds; 0: no limit. */
export interface TransactionSettings {
  /** The schema of the tables. */
  schema: string;
  /** Time limit of one statement on the server (`statement_timeout`). */
  statementTimeoutMs: number;
  /** Time without a statement after which the server ends a transaction and its connection. */
  idleTimeoutMs: number;
}

/** Independent of the defaults of role, database and server. */
const BEGIN = 'BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE NOT DEFERRABLE';

/** Postgres 17 and later has this setting. */
const WITHOUT_TRANSACTION_TIMEOUT = `CASE WHEN current_setting('transaction_timeout', true) IS NOT NULL
  THEN set_config('transaction_timeout', '0', true) END`;

/** A commit that a crash of the server can undo is no commit. Stricter settings of the operator stay. */
const DURABLE_COMMIT = `CASE WHEN current_setting('synchronous_commit') = 'off'
  THEN set_config('synchronous_commit', 'on', true) END`;

/**
 * SQL that begins a transaction and sets its settings, in two statements. Nothing is set for the session: behind a
 * pooler the next transaction of the session belongs to another client, and start-up parameters are refused.
 */
export function beginTransaction(settings: TransactionSettings): string {
  const values: Record<string, string> = {
    search_path: escapeIdentifier(settings.schema),
    statement_timeout: String(settings.statementTimeoutMs),
    idle_in_transaction_session_timeout: String(settings.idleTimeoutMs),
    lock_timeout: '0',
    // The only date format that the driver reads.
    datestyle: 'ISO, MDY',
    timezone: 'UTC',
  };
  const calls = Object.entries(values).map(
    ([name, value]) => `set_config('${name}', ${escapeLiteral(value)}, true)`,
  );
  return `${BEGIN}; SELECT ${[...calls, WITHOUT_TRANSACTION_TIMEOUT, DURABLE_COMMIT].join(', ')}`;
}
