/**
 * One answer for all who ask within a short time; those who come while it is being made wait for it.
 * Its age counts from when it was begun, on the monotonic clock: a step of the wall clock does not
 * keep an old one.
 */
export class Recent<Value> {
  private last: { value: Promise<Value>; beganMs: number; ended: boolean } | undefined;

  /**
   * Rejects with what `make` threw, for all who waited for it; whoever comes later tries again.
   * @param maxAgeMs milliseconds; 0 shares only what is being made.
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
