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

/** Codes of the system; those of Node itself begin with ERR_ and mean a fault of ours. */
const SYSTEM_CODE = /^E(?!RR_)[A-Z_]+$/;

/**
 * SQLSTATEs that another attempt may cure: connection exceptions (08), sign-in (28) and database
 * (3D) that are not set up yet, insufficient resources (53), operator intervention (57), a standby.
 * https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const PASSING_SQLSTATE = /^(08|28|3D|53|57)...$|^25006$/;

/** too_many_connections: of the server, the database or the role; a pooler has its own words for it. */
const TOO_MANY_CONNECTIONS = '53300';
const POOLER_IS_FULL = 'no more connections allowed';

/** Whether Postgres, or a pooler, grants no further connection. */
export function isConnectionLimit(error: unknown): boolean {
  const { code, message } = error as { code?: unknown; message?: unknown };
  return code === TOO_MANY_CONNECTIONS || String(message).startsWith(POOLER_IS_FULL);
}

/**
 * Why Postgres could not be reached, in a few words without any part of its URL but the names of
 * user, host and database; undefined for an error of another kind.
 */
export function connectionFailure(error: unknown): string | undefined {
  if (!(error instanceof Error)) {
    return undefined;
  }
  const { code } = error as { code?: unknown };
  if (typeof code === 'string') {
    if (PASSING_SQLSTATE.test(code)) {
      return error.message.split('\n')[0];
    }
    return SYSTEM_REASONS[code] ?? (SYSTEM_CODE.test(code) ? code : undefined);
  }
  if (/timeout/i.test(error.message)) {
    return 'no answer in time';
  }
  return error.message.startsWith('Connection terminated') ? 'connection closed' : undefined;
}
