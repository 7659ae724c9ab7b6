import { Gauge, Histogram, type Registry } from 'prom-client';

/** With a boundary at the bound, 1 s, so that exceeding values can be counted. */
const LAG_BUCKETS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 1, 1.5, 2.5, 5, 10];

/** How far Redis is behind Postgres. */
export class SyncMetrics {
  private readonly outboxLag: Histogram;
  private readonly revocationLag: Histogram;

  constructor(private readonly registry: Registry) {
    this.outboxLag = new Histogram({
      name: 'latchkey_outbox_lag_seconds',
      help: 'Time from the commit of a change until this process applied it to Redis from the outbox.',
      labelNames: ['kind'],
      buckets: LAG_BUCKETS,
      registers: [registry],
    });
    this.revocationLag = new Histogram({
      name: 'latchkey_revocation_lag_seconds',
      help: 'Time from the commit of a revocation until no instance accepts the sessions, near caches aside.',
      buckets: LAG_BUCKETS,
      registers: [registry],
    });
  }

  /** Exports the lag of a kind of change, from 0. */
  expect(kind: string): void {
    this.outboxLag.zero({ kind });
  }

  /** Records a change that another process could not write to Redis and this one has applied. */
  appliedFromOutbox(kind: string, lagMs: number): void {
    this.outboxLag.labels(kind).observe(lagMs / 1000);
  }

  /** Measures from the commit of a revocation, which is now, until it is enforced. */
  async untilEnforced<T>(enforce: () => Promise<T>): Promise<T> {
    const beganMs = performance.now();
    const result = await enforce();
    this.revocationLag.observe((performance.now() - beganMs) / 1000);
    return result;
  }

  /**
   * @param isInSync read at each scrape.
   * @param boundMs see SyncTimings.leaseMs.
   */
  watchSync(isInSync: () => boolean, boundMs: number): void {
    new Gauge({
      name: 'latchkey_redis_in_sync',
      help: '1 while Redis is in sync for this process, 0 while Postgres answers requests.',
      registers: [this.registry],
      collect() {
        this.set(isInSync() ? 1 : 0);
      },
    });
    new Gauge({
      name: 'latchkey_revocation_lag_bound_seconds',
      help: 'Maximum time for which an instance may use a Redis that lacks a revocation.',
      registers: [this.registry],
    }).set(boundMs / 1000);
  }
}
