import type { FaultWindow, RecordedRequest } from './history';
import { unsureMeansNo } from './rules/answers';
import { FaultBook } from './rules/fault-book';
import { passwordChanged } from './rules/passwords';
import { writtenStaysVisible } from './rules/profiles';
import { fatesOf } from './rules/revocations';
import { aliveStaysAlive, revokedStaysRevoked } from './rules/sessions';
import type { Violation } from './violation';

export interface CheckOptions {
  /** Milliseconds after a fault in which requests may still be refused because of it. */
  graceMs?: number;
  /** Milliseconds after its end in which a request without a clear answer may still take effect. */
  lateEffectMs?: number;
  /** Milliseconds after an answer in which another instance may still use the state before it. */
  staleMs?: number;
}

export const GRACE_MS = 1_000;
const LATE_EFFECT_MS = 5_000;

/** All violations of the rules in a history. A pure function; empty when no rule is broken. */
export function check(
  requests: readonly RecordedRequest[],
  faults: readonly FaultWindow[] = [],
  { graceMs = GRACE_MS, lateEffectMs = LATE_EFFECT_MS, staleMs = 0 }: CheckOptions = {},
): Violation[] {
  const fates = fatesOf(requests, lateEffectMs);
  const book = new FaultBook(faults, graceMs);
  return [
    ...revokedStaysRevoked(requests, fates, staleMs),
    ...aliveStaysAlive(requests, fates),
    ...unsureMeansNo(requests, fates, book),
    ...writtenStaysVisible(requests, staleMs),
    ...passwordChanged(requests),
  ];
}
