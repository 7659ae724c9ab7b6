import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

const ACCEPTED = /^[\w.:-]{1,128}$/;

const ID_BYTES = 16;
/** Drawn at once, for the next ids: to draw for each alone costs far more. */
const POOL_BYTES = 4096;
let pool = Buffer.alloc(0);
let used = 0;

/**
 * An id that no other request has, here or elsewhere, and that nobody can take in advance: 32 hexadecimal
 * digits. In base64url one would begin as a JWT does now and then, and be taken for one by what looks for
 * secrets in logs.
 */
export function newRequestId(): string {
  if (used === pool.length) {
    pool = randomBytes(POOL_BYTES);
    used = 0;
  }
  used += ID_BYTES;
  return pool.toString('hex', used - ID_BYTES, used);
}

/** The caller's `X-Request-Id` where it is harmless, else a new one. */
export function requestIdOf(request: Pick<IncomingMessage, 'headers'>): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && ACCEPTED.test(given) ? given : newRequestId();
}
