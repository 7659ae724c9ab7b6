import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

const ACCEPTED = /^[\w.:-]{1,128}$/;

/** Tells the ids of this process from those of every other. */
const PROCESS_ID = randomBytes(12).toString('base64url');
let made = 0;

/** An id that no other request has, here or elsewhere. It is no secret, and can be guessed. */
export function newRequestId(): string {
  made += 1;
  return `${PROCESS_ID}.${made.toString(36)}`;
}

/** The caller's `X-Request-Id` where it is harmless, else a new one. */
export function requestIdOf(request: Pick<IncomingMessage, 'headers'>): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && ACCEPTED.test(given) ? given : newRequestId();
}
