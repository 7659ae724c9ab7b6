import { Counter, Gauge, type Registry } from 'prom-client';

/** The near cache, read at each scrape. Counts since the start of the process. */
export interface NearCacheFigures {
  reads: () => Readonly<Record<'hit' | 'miss', number>>;
  sessions: () => number;
  isOpen: () => boolean;
}

/** Ended sessions and the near cache. */
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
   * @param reasons all reasons: each is exported from the start.
   * @returns counts ended sessions.
   */
  revocations<Reason extends string>(
    reasons: readonly Reason[],
  ): (reason: Reason, sessions: number) => void {
    const counters = new Map(reasons.map((reason) => [reason, this.revoked.labels(reason)]));
    counters.forEach((counter) => counter.inc(0));
    return (reason, sessions) => counters.get(reason)?.inc(sessions);
  }

  watchNearCache({ reads, sessions, isOpen }: NearCacheFigures): void {
    const registers = [this.registry];
    new Counter({
      name: 'latchkey_near_cache_reads_total',
      help: 'Lookups of sessions in the near cache: hit, or miss, which is read from Redis.',
      labelNames: ['result'],
      registers,
      collect() {
        this.reset();
        Object.entries(reads()).forEach(([result, count]) => this.inc({ result }, count));
      },
    });
    new Gauge({
      name: 'latchkey_near_cache_sessions',
      help: 'Sessions in the near cache of this process.',
      registers,
      collect() {
        this.set(sessions());
      },
    });
    new Gauge({
      name: 'latchkey_near_cache_open',
      help: '1 while the near cache may be used, 0 without a recent poll of the outbox, or while it is off.',
      registers,
      collect() {
        this.set(isOpen() ? 1 : 0);
      },
    });
  }
}
