import { OPERATIONS } from './api-types.js';
import type { Operation } from './calls.js';
import type { ApiError } from './errors.js';

const MAX_RETRIES = 2;

/** Calls besides GET whose repetition is safe: after a 503 the API asks for one, with the same token. */
const REPEATABLE: ReadonlySet<Operation> = new Set([OPERATIONS.logout, OPERATIONS.revokeSession]);

/**
 * How long to wait before a call is repeated, in ms; undefined if it is not repeated. Only a 429 or 503 that names a
 * time in `Retry-After` is, and twice at most.
 */
export function retryPauseMs(
  operation: Operation,
  { status, retryAfterSeconds }: ApiError,
  retries: number,
): number | undefined {
  const isSafe = operation.method === 'GET' || REPEATABLE.has(operation);
  const isTemporary = status === 429 || status === 503;
  return isSafe && isTemporary && retries < MAX_RETRIES && retryAfterSeconds !== undefined
    ? 1_000 * retryAfterSeconds
    : undefined;
}
