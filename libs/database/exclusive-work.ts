import { DependencyUnavailableError, InternalError } from '#libs/common';
import { guarded } from './database-errors';
import type { PostgresClient } from './postgres-client';
import type { TransactionSettings } from './transaction-settings';

/** An arbitrary number, unique among the advisory locks of this database. */
const LOCK_CLASS = 7_240_052;
/** Interval of the keep-alive statements in the transaction that holds a lock. */
const HEARTBEAT_MS = 5000;
/** Idle timeout of that transaction: after it, Postgres ends the transaction and releases the lock. */
const IDLE_TIMEOUT_MS = 20_000;

/** Work under a lock. It gets a signal that fires when the lock may be lost. */
type Work<T> = (signal: AbortSignal) => Promise<T>;

/** An advisory lock that ends with the transaction that takes it. */
interface Lock {
  name: string;
  /** Tries to take the lock: one row, `acquired`. */
  sql: string;
  parameters: unknown[];
}

/**
 * Does work under an advisory lock that an open transaction on a connection of its own holds. The lock ends with the
 * connection, even if the process is killed, and works behind a pooler of transactions.
 * @param settings of that transaction.
 * @returns null, without running `work`, if another process holds the lock.
 * @throws DependencyUnavailableError if Postgres is unavailable, or becomes unavailable during the work.
 */
export async function doExclusively<T>(
  connect: () => Promise<PostgresClient>,
  settings: TransactionSettings,
  name: string,
  work: Work<T>,
): Promise<{ result: T } | null> {
  const client = await guarded(connect);
  const sql = 'SELECT pg_try_advisory_xact_lock($1, hashtext($2)) AS acquired';
  return underLock(client, settings, { name, sql, parameters: [LOCK_CLASS, name] }, work);
}

/** As `doExclusively`, and ends the connection afterwards. */
export async function underLock<T>(
  client: PostgresClient,
  settings: TransactionSettings,
  { name, sql, parameters }: Lock,
  work: Work<T>,
): Promise<{ result: T } | null> {
  const lost = new AbortController();
  const lose = () => {
    const cause = new InternalError(`the connection that held the lock ${name} is lost`);
    lost.abort(new DependencyUnavailableError('postgres', { cause }));
  };
  client.once('end', lose);
  let heartbeat: NodeJS.Timeout | undefined;
  try {
    const acquired = await guarded(async () => {
      await client.begin({ ...settings, idleTimeoutMs: IDLE_TIMEOUT_MS });
      return (await client.query<{ acquired: boolean }>(sql, parameters)).rows[0]?.acquired;
    });
    if (!acquired) {
      return null;
    }
    heartbeat = setInterval(() => {
      client.query('SELECT 1').catch(lose);
    }, HEARTBEAT_MS);
    const result = await work(lost.signal);
    lost.signal.throwIfAborted();
    return { result };
  } finally {
    clearInterval(heartbeat);
    letGo(client);
  }
}

/**
 * Ends transaction and connection in order, as far as Postgres answers: a pooler would keep a server connection with an
 * open transaction.
 */
function letGo(client: PostgresClient): void {
  client
    .query('ROLLBACK')
    .catch(() => undefined)
    .then(() => client.end())
    .catch(() => undefined);
}
