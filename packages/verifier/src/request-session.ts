import type { VerifiedSession } from './session.js';

/** Global, so that the ES module and the CommonJS build of this package share it. */
const SESSION = Symbol.for('@latchkey/verifier session');

interface Carrier {
  [SESSION]?: VerifiedSession;
}

/** Attaches the session to a request or a socket. */
export function attachSession(carrier: object, session: VerifiedSession): void {
  (carrier as Carrier)[SESSION] = session;
}

export function attachedSession(carrier: object): VerifiedSession | undefined {
  return (carrier as Carrier)[SESSION];
}

/**
 * The session of a verified request or socket.
 * @throws TypeError when the verifier was not in front of this handler
 */
export function sessionOf(carrier: object): VerifiedSession {
  const session = attachedSession(carrier);
  if (session === undefined) {
    throw new TypeError('No session: the verifier did not run before this handler.');
  }
  return session;
}
