import { types } from 'node:util';
import { QueryFailedError } from 'typeorm';
import { DependencyUnavailableError, DomainError } from '#libs/common';
import { TlsFailure } from './tls-failure';

/** Its first character is a digit or one of few letters, which tells it from a code of the system. */
const SQLSTATE = /^[0-9FHPX][0-9A-Z]{4}$/;

/**
 * SQLSTATEs that mean "not now": connection exceptions (08), insufficient resources (53), operator
 * intervention and time-outs (57), lock not available (55P03), serialization and deadlock (40), a
 * server that is read-only, as after a failover (25006), a transaction that the server gave up
 * (25P03, 25P04), sign-in and database that are not set up (28, 3D).
 * https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const UNAVAILABLE_SQLSTATE = /^(08|28|3D|40|53|57|55P03|25006|25P0[34])/;

/** Codes of the system; those of Node itself begin with ERR_ and mean a fault of ours. */
const SYSTEM_CODE = /^E(?!RR_)[A-Z_]+$/;

/** What the mapper says of a connection that ended under a transaction: it has given it back. */
const LOST_CONNECTION = [
  'QueryRunnerAlreadyReleasedError',
  'QueryRunnerProviderAlreadyReleasedError',
];

/** What driver and pool say without a code. */
const CONNECTION_TEXT =
  /timeout|Connection terminated|Driver not Connected|not queryable|Cannot use a pool|Client was closed/i;

/** Does work with Postgres. @throws DependencyUnavailableError when it cannot answer in time. */
export async function guarded<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw isUnavailable(error)
      ? new DependencyUnavailableError('postgres', { cause: error })
      : error;
  }
}

/** A broken constraint stays what it is, and so does what is no matter of the database. */
export function isUnavailable(error: unknown): boolean {
  if (!types.isNativeError(error) || error instanceof DomainError) {
    return false;
  }
  if (error instanceof TlsFailure) {
    return true;
  }
  const { code } = (error instanceof QueryFailedError ? error.driverError : error) as {
    code?: unknown;
  };
  if (typeof code === 'string' && code !== '') {
    return SQLSTATE.test(code) ? UNAVAILABLE_SQLSTATE.test(code) : SYSTEM_CODE.test(code);
  }
  return LOST_CONNECTION.includes(error.name) || CONNECTION_TEXT.test(error.message);
}
