import { types } from 'node:util';
import { QueryFailedError } from 'typeorm';
import { DependencyUnavailableError } from '#libs/common';

/**
 * SQLSTATEs that mean "not now": connection exceptions (08), insufficient resources (53), operator
 * intervention and time-outs (57), lock not available (55P03), serialization and deadlock (40).
 * https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const UNAVAILABLE_SQLSTATE = /^(08|53|57|55P03|40)/;

/** Does work with Postgres. @throws DependencyUnavailableError when it cannot answer in time. */
export async function guarded<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw asDomainError(error);
  }
}

/** A broken constraint stays what it is; an error without an SQLSTATE is the connection's. */
function asDomainError(error: unknown): unknown {
  if (error instanceof QueryFailedError) {
    const { code } = error.driverError as { code?: unknown };
    if (typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code)) {
      return UNAVAILABLE_SQLSTATE.test(code) ? unavailable(error) : error;
    }
    return unavailable(error);
  }
  return isConnectionError(error) ? unavailable(error) : error;
}

function unavailable(cause: unknown): DependencyUnavailableError {
  return new DependencyUnavailableError('postgres', { cause });
}

/** Errors of sockets carry a system code; those of the pool only a text. */
function isConnectionError(error: unknown): boolean {
  if (!types.isNativeError(error)) {
    return false;
  }
  const code = (error as NodeJS.ErrnoException).code ?? '';
  return (
    /^(ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EHOSTUNREACH|EAI_)/.test(code) ||
    UNAVAILABLE_SQLSTATE.test(code) ||
    /timeout exceeded when trying to connect|Connection terminated|Driver not Connected|not queryable/i.test(
      error.message,
    )
  );
}
