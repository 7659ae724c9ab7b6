/** Two readings of the time, taken at the same moment. */
export interface Moment {
  readonly monotonicMs: number;
  readonly wallMs: number;
}

export interface Clock {
  now(): Moment;
}

export const systemClock: Clock = {
  now: () => ({ monotonicMs: performance.now(), wallMs: Date.now() }),
};

/**
 * Milliseconds between two moments: the larger of the two readings. The monotonic clock stops while a machine is suspended,
 * the wall clock can be set back; neither makes a verifier trust the stream for longer.
 */
export function elapsedMs(from: Moment, to: Moment): number {
  return Math.max(to.monotonicMs - from.monotonicMs, to.wallMs - from.wallMs);
}
