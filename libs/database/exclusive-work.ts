import type { ClientConfig } from 'pg';
import { DependencyUnavailableError, InternalError } from '#libs/common';
import { guarded } from './database-errors';
import { connect, type DeadlineClient } from './deadline-client';

/** Any number that no other program on this database uses for its advisory locks. */
const LOCK_CLASS = 7_240_052;
/** How often the connection that holds a lock is tried. */
const HEARTBEAT_MS = 5000;

/**
 * Soon after the other end has gone without a word Postgres gives the connection up, and the lock with
 * it: 10 s of silence, then three questions 5 s apart.
 */
const LET_GO_OF_THE_DEAD =
  'SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3';

/**
 * Does work under an advisory lock of Postgres that a connection of its own holds: it ends with the
 * connection, so also with a process that is killed.
 * @param work given a signal that fires when the lock may be lost.
 * @returns null, with nothing done, when another process holds the lock.
 * @throws DependencyUnavailableError when Postgres is away, or went away meanwhile.
 */
export async function doExclusively<T>(
  config: ClientConfig,
  name: string,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<{ result: T } | null> {
  const client = await guarded(() => connect(config));
  const lost = new AbortController();
  const lose = () => {
    const cause = new InternalError(`the connection that held the lock ${name} is lost`);
    lost.abort(new DependencyUnavailableError('postgres', { cause }));
  };
  client.once('end', lose);
  const heartbeat = setInterval(() => {
    client.query('SELECT 1').catch(lose);
  }, HEARTBEAT_MS);
  try {
    if (!(await guarded(() => acquire(client, name)))) {
      return null;
    }
    const result = await work(lost.signal);
    lost.signal.throwIfAborted();
    return { result };
  } finally {
    clearInterval(heartbeat);
    void client.end().catch(() => undefined);
  }
}

async function acquire(client: DeadlineClient, name: string): Promise<boolean> {
  await client.query(LET_GO_OF_THE_DEAD);
  const { rows } = await client.query<{ acquired: boolean }>(
    'SELECT pg_try_advisory_lock($1, hashtext($2)) AS acquired',
    [LOCK_CLASS, name],
  );
  return rows[0]?.acquired ?? false;
}
