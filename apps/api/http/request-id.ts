import { randomFillSync } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

const ACCEPTED = /^[\w.:-]{1,128}$/;

const ID_BYTES = 15;
/** Random bytes of the next ids: to ask for each alone costs far more. */
const pool = Buffer.alloc(256 * ID_BYTES);
let used = pool.length;

/** An id that no other request has, here or elsewhere, and that nobody can take in advance. */
export function newRequestId(): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += ID_BYTES;
  return pool.toString('base64url', used - ID_BYTES, used);
}

/** The caller's `X-Request-Id` where it is harmless, else a new one. */
export function requestIdOf(request: Pick<IncomingMessage, 'headers'>): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && ACCEPTED.test(given) ? given : newRequestId();
}
