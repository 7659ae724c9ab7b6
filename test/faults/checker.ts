import type { FaultWindow, RecordedRequest } from './history';
import { unsureMeansNo } from './rules/answers';
import { FaultBook } from './rules/fault-book';
import { passwordChanged } from './rules/passwords';
import { writtenStaysVisible } from './rules/profiles';
import { fatesOf } from './rules/revocations';
import { aliveStaysAlive, revokedStaysRevoked } from './rules/sessions';
import type { Violation } from './violation';

export interface CheckOptions {
  /** For how long after a fault requests may still be refused for it. */
  graceMs?: number;
  /** For how long after its end a request without a clear answer may still take effect. */
  lateEffectMs?: number;
  /** For how long after an answer another instance may go by what was before it. */
  staleMs?: number;
}

export const GRACE_MS = 1_000;
const LATE_EFFECT_MS = 5_000;

/** Everything in a history that contradicts a promise. A pure function; empty when all were kept. */
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
