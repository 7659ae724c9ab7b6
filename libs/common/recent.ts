/**
 * Shares one result among all callers within a short time. Callers during a run wait for its result. The age counts
 * from the start of the run, on the monotonic clock: a step of the system clock does not prolong it.
 */
export class Recent<Value> {
  private last: { value: Promise<Value>; beganMs: number; ended: boolean } | undefined;

  /**
   * Rejects with the error of `make` for all callers that waited for it; a later caller tries again.
   * @param maxAgeMs milliseconds; 0 shares only the run in progress.
   */
  get(maxAgeMs: number, make: () => Promise<Value>): Promise<Value> {
    const { last } = this;
    if (last && (!last.ended || performance.now() - last.beganMs < maxAgeMs)) {
      return last.value;
    }
    const next = { value: make(), beganMs: performance.now(), ended: false };
    this.last = next;
    next.value.then(
      () => (next.ended = true),
      () => (this.last = undefined),
    );
    return next.value;
  }
}
