import { types } from 'node:util';
import { QueryFailedError } from 'typeorm';
import { DependencyUnavailableError, DomainError } from '#libs/common';
import { isSystemError } from '#libs/log';
import { TlsFailure } from './tls-failure';

/** SQLSTATEs by their names: https://www.postgresql.org/docs/current/errcodes-appendix.html */
export const SQLSTATE = {
  featureNotSupported: '0A000',
  readOnlyTransaction: '25006',
  invalidAuthorization: '28000',
  invalidSchemaName: '3F000',
  insufficientPrivilege: '42501',
  undefinedColumn: '42703',
  undefinedTable: '42P01',
  tooManyConnections: '53300',
} as const;

/** The first character is a digit or one of few letters, which distinguishes a SQLSTATE from a system code. */
const SQLSTATE_FORMAT = /^[0-9FHPX][0-9A-Z]{4}$/;

/**
 * SQLSTATEs that mean "not now": connection exceptions (08), sign-in (28) and database (3D) that are not set up,
 * serialization and deadlock (40), insufficient resources (53), operator intervention and time-outs (57), lock not
 * available (55P03), a server that is read-only, as after a failover (25006), a transaction that the server has ended
 * (25P03, 25P04).
 */
const UNAVAILABLE = /^(08|28|3D|40|53|57|55P03|25006|25P0[34])/;

/** Names of the mapper's errors for a connection that ended during a transaction. */
const LOST_CONNECTION = [
  'QueryRunnerAlreadyReleasedError',
  'QueryRunnerProviderAlreadyReleasedError',
];

/** Messages of driver and pool that come without a code. */
const CONNECTION_TEXT =
  /timeout|Connection terminated|Driver not Connected|not queryable|Cannot use a pool|Client was closed/i;

/** Message of a pooler; it has no SQLSTATE of its own for this. */
const POOLER_IS_FULL = 'no more connections allowed';

const SYSTEM_REASONS: Record<string, string> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection closed',
  EPIPE: 'connection closed',
  ENOTFOUND: 'host name not found',
  EAI_AGAIN: 'host name not found',
  ETIMEDOUT: 'no answer in time',
  EHOSTUNREACH: 'host unreachable',
  ENETUNREACH: 'host unreachable',
};

/**
 * Does work with Postgres.
 * @throws DependencyUnavailableError if Postgres cannot answer in time.
 */
export async function guarded<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw isUnavailable(error)
      ? new DependencyUnavailableError('postgres', { cause: error })
      : error;
  }
}

/**
 * Whether an error means that Postgres cannot answer now. False for a broken constraint and for errors of another
 * origin.
 */
export function isUnavailable(error: unknown): boolean {
  if (!types.isNativeError(error) || error instanceof DomainError) {
    return false;
  }
  if (error instanceof TlsFailure) {
    return true;
  }
  const code = codeOf(error);
  if (code !== undefined) {
    return SQLSTATE_FORMAT.test(code) ? UNAVAILABLE.test(code) : isSystemError({ code });
  }
  return LOST_CONNECTION.includes(error.name) || CONNECTION_TEXT.test(error.message);
}

/** Whether the tables are older than this program. */
export function isOutdatedSchema(error: unknown): boolean {
  const code = codeOf(error);
  return code === SQLSTATE.undefinedTable || code === SQLSTATE.undefinedColumn;
}

/** Whether a statement broke this constraint, such as a unique one. */
export function isViolationOf(constraint: string, error: unknown): boolean {
  const broken = (driverErrorOf(error) as { constraint?: unknown } | null | undefined)?.constraint;
  return broken === constraint;
}

/** Whether the server, the database, the role or a pooler grants no further connection. */
export function isConnectionLimit(error: unknown): boolean {
  const { code, message } = error as { code?: unknown; message?: unknown };
  return code === SQLSTATE.tooManyConnections || String(message).startsWith(POOLER_IS_FULL);
}

/**
 * Why Postgres could not be reached, in a few words without any part of its URL but the names of user, host and
 * database; undefined for other errors.
 */
export function connectionFailure(error: unknown): string | undefined {
  if (!(error instanceof Error)) {
    return undefined;
  }
  const code = codeOf(error);
  if (code !== undefined) {
    if (UNAVAILABLE.test(code)) {
      return error.message.split('\n')[0];
    }
    return SYSTEM_REASONS[code] ?? (isSystemError({ code }) ? code : undefined);
  }
  if (/timeout/i.test(error.message)) {
    return 'no answer in time';
  }
  return error.message.startsWith('Connection terminated') ? 'connection closed' : undefined;
}

/** A SQLSTATE, or a system code. */
export function codeOf(error: unknown): string | undefined {
  const code = (driverErrorOf(error) as { code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' && code !== '' ? code : undefined;
}

function driverErrorOf(error: unknown): unknown {
  return error instanceof QueryFailedError ? error.driverError : error;
}
