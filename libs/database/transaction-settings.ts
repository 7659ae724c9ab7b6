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
export const BEGIN = 'BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE NOT DEFERRABLE';

/** The first release with `transaction_timeout`. */
const TRANSACTION_TIMEOUT_SINCE = 17;

/**
 * SQL that sets them until the end of the transaction, one statement. Never for the session: behind a
 * pooler the session belongs to the next client in a moment, and a start-up parameter is refused.
 * @param serverVersion major version.
 */
export function applySettings(settings: TransactionSettings, serverVersion: number): string {
  const values: Record<string, string> = {
    search_path: escapeIdentifier(settings.schema),
    statement_timeout: String(settings.statementTimeoutMs),
    idle_in_transaction_session_timeout: String(settings.idleTimeoutMs),
    lock_timeout: '0',
    ...(serverVersion >= TRANSACTION_TIMEOUT_SINCE && { transaction_timeout: '0' }),
  };
  const calls = Object.entries(values).map(
    ([name, value]) => `set_config('${name}', ${escapeLiteral(value)}, true)`,
  );
  return `SELECT ${calls.join(', ')}`;
}
