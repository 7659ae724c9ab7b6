import { Counter, type Registry } from 'prom-client';

/** Sessions that end, and profiles that are read. */
export class SessionMetrics {
  private readonly revoked: Counter;

  constructor(private readonly registry: Registry) {
    this.revoked = new Counter({
      name: 'latchkey_sessions_revoked_total',
      help: 'Sessions that this process ended, by reason.',
      labelNames: ['reason'],
      registers: [registry],
    });
  }

  /**
   * @param reasons all that there are: each is exported from the start.
   * @returns counts sessions that were ended.
   */
  revocations<Reason extends string>(
    reasons: readonly Reason[],
  ): (reason: Reason, sessions: number) => void {
    const counters = new Map(reasons.map((reason) => [reason, this.revoked.labels(reason)]));
    counters.forEach((counter) => counter.inc(0));
    return (reason, sessions) => counters.get(reason)?.inc(sessions);
  }

  /** @param counts since the start of the process, read when it is asked for. */
  watchProfileReads(counts: () => Readonly<Record<string, number>>): void {
    new Counter({
      name: 'latchkey_profile_reads_total',
      help: 'Profiles that were read, by what the cache had: HIT, MISS, or BYPASS without Redis.',
      labelNames: ['cache'],
      registers: [this.registry],
      collect() {
        this.reset();
        Object.entries(counts()).forEach(([cache, count]) => this.inc({ cache }, count));
      },
    });
  }
}
