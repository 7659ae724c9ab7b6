import type { Operation, RecordedRequest } from '../history';

/** Requests that end all sessions of a user. */
const USER_WIDE = new Set<Operation>([
  'logout-all',
  'logout-others',
  'change-password',
  'revoke-by-admin',
]);
const SINGLE = new Set<Operation>(['logout', 'delete-session']);

/** The effects, certain or possible, of the requests on one session. */
export interface SessionFate {
  opening: RecordedRequest;
  /** Answered requests that certainly ended it. */
  ended: RecordedRequest[];
  /** Requests that may have ended it: their order with its opening, or their effect, is unknown. */
  perhapsEnded: RecordedRequest[];
}

export type Effect = 'done' | 'undecided' | 'none';

/** Whether a request has changed its target. */
export function effectOf({ status }: RecordedRequest): Effect {
  if (status >= 200 && status < 300) {
    return 'done';
  }
  return status === 0 || status >= 500 ? 'undecided' : 'none';
}

/**
 * @param lateEffectMs milliseconds after its end in which an undecided request may still take effect: a
 * statement that hung is executed when the store continues.
 */
export function fatesOf(
  requests: readonly RecordedRequest[],
  lateEffectMs: number,
): Map<string, SessionFate> {
  const fates = new Map<string, SessionFate>();
  const byUser = new Map<string, SessionFate[]>();
  for (const opening of requests) {
    if (opening.opened !== null && !fates.has(opening.opened) && opening.op !== 'refresh') {
      const fate = { opening, ended: [], perhapsEnded: [] };
      fates.set(opening.opened, fate);
      byUser.set(opening.user, [...(byUser.get(opening.user) ?? []), fate]);
    }
  }
  for (const request of requests) {
    const covered = USER_WIDE.has(request.op)
      ? (byUser.get(request.user) ?? []).filter(({ opening }) => !isKept(opening, request))
      : SINGLE.has(request.op)
        ? [fates.get(request.target ?? request.session ?? '')].filter((fate) => fate !== undefined)
        : [];
    covered.forEach((fate) => note(request, fate, lateEffectMs));
  }
  return fates;
}

/** The session that signs the others out goes on. */
function isKept(opening: RecordedRequest, { op, session }: RecordedRequest): boolean {
  return op === 'logout-others' && opening.opened === session;
}

function note(revoke: RecordedRequest, fate: SessionFate, lateEffectMs: number): void {
  const effect = effectOf(revoke);
  const coverage = coverageOf(revoke, fate.opening, effect === 'done' ? 0 : lateEffectMs);
  if (effect === 'none' || coverage === 'none') {
    return;
  }
  (effect === 'done' && coverage === 'certain' ? fate.ended : fate.perhapsEnded).push(revoke);
}

/** Whether a revoke concerns a session, if it has any effect. */
function coverageOf(
  revoke: RecordedRequest,
  opening: RecordedRequest,
  lateEffectMs: number,
): 'certain' | 'possible' | 'none' {
  if (SINGLE.has(revoke.op)) {
    return 'certain';
  }
  if (revoke.op === 'change-password') {
    // Opened by the new password or a later one: after it. By an older one: before it, or refused.
    return opening.value! < revoke.value! ? 'certain' : 'none';
  }
  if (opening.endMs <= revoke.startMs) {
    return 'certain';
  }
  return opening.startMs < revoke.endMs + lateEffectMs ? 'possible' : 'none';
}
