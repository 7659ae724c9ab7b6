import { escapeIdentifier, escapeLiteral } from 'pg';

/** What holds in every transaction. Milliseconds; 0: no limit. */
export interface TransactionSettings {
  /** Where the tables are. */
  schema: string;
  /** Time limit of one statement on the server (`statement_timeout`). */
  statementTimeoutMs: number;
  /** Time without a statement after which the server ends a transaction and its connection. */
  idleTimeoutMs: number;
}

/** Independent of the defaults of role, database and server. */
const BEGIN = 'BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE NOT DEFERRABLE';

/** Postgres has it from 17 on. */
const WITHOUT_TRANSACTION_TIMEOUT = `CASE WHEN current_setting('transaction_timeout', true) IS NOT NULL
  THEN set_config('transaction_timeout', '0', true) END`;

/**
 * SQL that begins a transaction and sets what holds until its end; two statements. Never for the session: behind a
 * pooler the session belongs to the next client in a moment, and a start-up parameter is refused.
 */
export function beginTransaction(settings: TransactionSettings): string {
  const values: Record<string, string> = {
    search_path: escapeIdentifier(settings.schema),
    statement_timeout: String(settings.statementTimeoutMs),
    idle_in_transaction_session_timeout: String(settings.idleTimeoutMs),
    lock_timeout: '0',
    // The driver reads dates in this form only.
    datestyle: 'ISO, MDY',
    timezone: 'UTC',
  };
  const calls = Object.entries(values).map(
    ([name, value]) => `set_config('${name}', ${escapeLiteral(value)}, true)`,
  );
  return `${BEGIN}; SELECT ${[...calls, WITHOUT_TRANSACTION_TIMEOUT].join(', ')}`;
}
