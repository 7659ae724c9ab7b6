import { describeRequest, isKnownTo, type RecordedRequest } from '../history';
import type { Violation } from '../violation';
import type { SessionFate } from './revocations';

/** Codes of a 401 that do not refuse the token: of a wrong password, and of a proof that is too old. */
export const ACCEPTS_TOKEN: ReadonlySet<string | null> = new Set([
  'invalid_credentials',
  'reauthentication_required',
]);

/** The token was accepted; the request itself may have failed. */
function isAuthenticated({ status, code }: RecordedRequest): boolean {
  return (status >= 200 && status < 500 && status !== 401) || ACCEPTS_TOKEN.has(code);
}

/** The token was refused. */
function isDenied({ status, code }: RecordedRequest): boolean {
  return status === 401 && !ACCEPTS_TOKEN.has(code);
}

/**
 * A session that an answered request ended is not accepted by a request that starts later.
 * @param staleMs milliseconds in which other instances may still accept it.
 */
export function revokedStaysRevoked(
  requests: readonly RecordedRequest[],
  fates: ReadonlyMap<string, SessionFate>,
  staleMs: number,
): Violation[] {
  return requests.flatMap((request) => {
    const fate = fates.get(request.session ?? '');
    // Only the record has refresh tokens.
    const patienceMs = request.op === 'refresh' ? 0 : staleMs;
    const revoke = fate?.ended.find((ended) => isKnownTo(request, ended, patienceMs));
    if (!revoke || !isAuthenticated(request)) {
      return [];
    }
    const sentence =
      `accepted ${(request.startMs - revoke.endMs).toFixed(1)} ms after it was revoked: ` +
      `${describeRequest(request)} after ${describeRequest(revoke)}`;
    return [{ rule: 'revoked-stays-revoked', sentence, requests: [revoke, request] }];
  });
}

/** A session is refused only when a request that started before the answer ended it, or may have ended it. */
export function aliveStaysAlive(
  requests: readonly RecordedRequest[],
  fates: ReadonlyMap<string, SessionFate>,
): Violation[] {
  return requests.flatMap((request) => {
    const fate = fates.get(request.session ?? '');
    if (!fate || !isDenied(request)) {
      return [];
    }
    const revokes = [...fate.ended, ...fate.perhapsEnded];
    if (revokes.some(({ startMs }) => startMs < request.endMs)) {
      return [];
    }
    const sentence =
      `refused though no request ended the session: ${describeRequest(request)}, ` +
      `opened by ${describeRequest(fate.opening)}`;
    return [{ rule: 'alive-stays-alive', sentence, requests: [fate.opening, request] }];
  });
}
