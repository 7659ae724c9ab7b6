import { describeRequest, type RecordedRequest } from '../history';
import { fatesOf, type SessionFate } from '../rules/revocations';
import type { CheckRecord, SignalRecord } from './check-record';

/** What a verifier promises (packages/verifier/README.md). */
export type VerifierRule =
  /** After the 2xx of a revocation, no verifier accepts a token of the session for longer than the bound. */
  | 'refused-within-bound'
  /** A session that no request ended is never refused with 401. */
  | 'alive-never-401'
  /** A signal aborts at most 5 s after the 2xx of the revocation. */
  | 'signal-within-bound'
  /** A signal says "revoked" only of a session that a request ended. */
  | 'signal-only-of-ended';

export interface VerifierViolation {
  rule: VerifierRule;
  sentence: string;
}

export interface VerifierHistory {
  requests: readonly RecordedRequest[];
  checks: readonly CheckRecord[];
  signals: readonly SignalRecord[];
}

/** The stream, and the calls to the issuer, may be away: one bound until that is noticed, one for the call, one second more. */
export const SIGNAL_BOUND_MS = 5_000;
const LATE_EFFECT_MS = 10_000;

/** All violations in a history. A pure function; empty when each promise was kept. */
export function violationsOf(
  { requests, checks, signals }: VerifierHistory,
  boundMs: number,
): VerifierViolation[] {
  const fates = fatesOf(requests, LATE_EFFECT_MS);
  const ends = new Map([...fates].map(([session, fate]) => [session, endOf(fate)]));
  return [
    ...checks.flatMap((check) => violationOfCheck(check, ends.get(check.session), boundMs)),
    ...signals.flatMap((signal) => violationOfSignal(signal, ends.get(signal.session))),
  ];
}

/** When a session ended. */
interface SessionEnd {
  /** The first request that certainly ended it. */
  ended: RecordedRequest | undefined;
  /** The first instant at which a request may have ended it. */
  earliestMs: number;
}

function endOf({ ended, perhapsEnded }: SessionFate): SessionEnd {
  const [first] = [...ended].sort((one, other) => one.endMs - other.endMs);
  const starts = [...ended, ...perhapsEnded].map(({ startMs }) => startMs);
  return { ended: first, earliestMs: Math.min(...starts) };
}

function violationOfCheck(
  check: CheckRecord,
  end: SessionEnd | undefined,
  boundMs: number,
): VerifierViolation[] {
  const { verifier, session, endMs, status, code } = check;
  const who = `${verifier} (session ${session.slice(0, 8)}, at ${endMs.toFixed(1)} ms)`;
  if (end?.ended && status === 200 && endMs > end.ended.endMs + boundMs) {
    const lateMs = (endMs - end.ended.endMs).toFixed(1);
    const sentence = `${who} accepted ${lateMs} ms after ${describeRequest(end.ended)}`;
    return [{ rule: 'refused-within-bound', sentence }];
  }
  if (end && status === 401 && endMs < end.earliestMs) {
    const sentence = `${who} refused a session that no request had ended: ${code ?? ''}`;
    return [{ rule: 'alive-never-401', sentence }];
  }
  return [];
}

function violationOfSignal(
  { verifier, session, endMs, watchedUntilMs, code }: SignalRecord,
  end: SessionEnd | undefined,
): VerifierViolation[] {
  const who = `signal of ${verifier} (session ${session.slice(0, 8)})`;
  const openUntilMs = Math.min(endMs, watchedUntilMs);
  if (end?.ended && openUntilMs > end.ended.endMs + SIGNAL_BOUND_MS) {
    const lateMs = (openUntilMs - end.ended.endMs).toFixed(1);
    const sentence = `${who} was open ${lateMs} ms after ${describeRequest(end.ended)}`;
    return [{ rule: 'signal-within-bound', sentence }];
  }
  if (end && code === 'token_revoked' && endMs < end.earliestMs) {
    const sentence = `${who} ended at ${endMs.toFixed(1)} ms, and no request had ended the session`;
    return [{ rule: 'signal-only-of-ended', sentence }];
  }
  return [];
}
