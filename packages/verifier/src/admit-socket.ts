import type { IncomingMessage } from 'node:http';
import { bearerTokenOf } from './bearer-token.js';
import { VerifierError, VerifierUnavailableError } from './errors.js';
import { attachSession } from './request-session.js';
import type { VerifiedSession } from './session.js';
import type { Verifier } from './verifier.js';

/** What is used of a `WebSocket` of the package `ws`. */
export interface SessionSocket {
  readonly readyState: number;
  close(code: number, reason: string): void;
  terminate(): void;
  pause(): void;
  resume(): void;
  once(event: 'close', listener: () => void): unknown;
}

/** The client must sign in again. */
export const CLOSE_UNAUTHORIZED = 4401;
/** The client may connect again later (RFC 6455 registry: Try Again Later). */
export const CLOSE_TRY_AGAIN = 1013;

const OPEN = 1;
/** How long a client has to read the close frame. */
const CLOSE_GRACE_MS = 1_000;

/**
 * To be called first in the handler of `connection`, without an `await` before it. Reads no message until the session is
 * verified, and closes the socket when the session ends: with 4401, or with 1013 when the verifier cannot tell.
 * @returns the session, or undefined when the socket has been closed
 */
export async function admitSocket(
  verifier: Pick<Verifier, 'verify' | 'onSessionEnd' | 'release'>,
  socket: SessionSocket,
  request: IncomingMessage,
): Promise<VerifiedSession | undefined> {
  socket.pause();
  try {
    const session = await verifier.verify(socketTokenOf(request));
    const signal = verifier.onSessionEnd(session);
    if (signal.aborted || socket.readyState !== OPEN) {
      verifier.release(signal);
      refuse(socket, signal.reason);
      return undefined;
    }
    signal.addEventListener('abort', () => refuse(socket, signal.reason), { once: true });
    socket.once('close', () => verifier.release(signal));
    attachSession(socket, session);
    socket.resume();
    return session;
  } catch (error) {
    refuse(socket, error);
    if (error instanceof VerifierError) {
      return undefined;
    }
    throw error;
  }
}

/**
 * The token of a WebSocket handshake: of the header field `Authorization`, or, because browsers cannot set it, the
 * subprotocol after `bearer`: `new WebSocket(address, ['bearer', token])`. Never of the address, which is logged.
 */
export function socketTokenOf({ headers }: IncomingMessage): string | undefined {
  const [scheme, token] = (headers['sec-websocket-protocol'] ?? '')
    .split(',')
    .map((one) => one.trim());
  return bearerTokenOf(headers.authorization) ?? (scheme === 'bearer' ? token : undefined);
}

/** A paused socket delivers no further message, also if the client does not answer the close frame. */
function refuse(socket: SessionSocket, reason: unknown): void {
  const code = reason instanceof VerifierError ? reason.code : 'internal_error';
  const isUnsure = !(reason instanceof VerifierError) || reason instanceof VerifierUnavailableError;
  socket.pause();
  socket.close(isUnsure ? CLOSE_TRY_AGAIN : CLOSE_UNAUTHORIZED, code);
  setTimeout(() => socket.terminate(), CLOSE_GRACE_MS).unref();
}
