/**
 * What the stream has named in the last seconds, by the monotonic clock. Introspection may still call a session alive for
 * a second after its end: such an answer must not be kept, because the stream does not name the session again.
 */
export class RecentNames {
  /** In the order of arrival. */
  private readonly arrivals = new Map<string, number>();
  private everythingAtMs = -Infinity;

  /**
   * @param retentionMs how long a name is held
   * @param maxNames with more names, every name counts as recent
   */
  constructor(
    private readonly retentionMs: number,
    private readonly maxNames = 10_000,
  ) {}

  add(name: string, nowMs: number): void {
    this.dropOlderThan(nowMs - this.retentionMs);
    this.arrivals.delete(name);
    this.arrivals.set(name, nowMs);
    if (this.arrivals.size > this.maxNames) {
      this.arrivals.clear();
      this.addEverything(nowMs);
    }
  }

  /** Ends of any name may have been missed until now. */
  addEverything(nowMs: number): void {
    this.everythingAtMs = nowMs;
  }

  /** Whether one of the names may have arrived at or after an instant, which lies within the retention. */
  mayHold(names: readonly string[], sinceMs: number): boolean {
    return (
      this.everythingAtMs >= sinceMs ||
      names.some((name) => (this.arrivals.get(name) ?? -Infinity) >= sinceMs)
    );
  }

  /** Whether the name has arrived; it may be forgotten after the retention. */
  has(name: string): boolean {
    return this.arrivals.has(name);
  }

  get size(): number {
    return this.arrivals.size;
  }

  private dropOlderThan(limitMs: number): void {
    for (const [name, atMs] of this.arrivals) {
      if (atMs >= limitMs) {
        return;
      }
      this.arrivals.delete(name);
    }
  }
}
