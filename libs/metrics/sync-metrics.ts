import { Gauge, Histogram, type Registry } from 'prom-client';

/** With a boundary at the bound, 1 s, so that what exceeds it can be counted. */
const LAG_BUCKETS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 1, 1.5, 2.5, 5, 10];

/** How far Redis is behind the record. */
export class SyncMetrics {
  private readonly outboxLag: Histogram;
  private readonly revocationLag: Histogram;

  constructor(private readonly registry: Registry) {
    this.outboxLag = new Histogram({
      name: 'latchkey_outbox_lag_seconds',
      help: 'From the commit of a change to when this process brought it to a Redis without it.',
      labelNames: ['kind'],
      buckets: LAG_BUCKETS,
      registers: [registry],
    });
    this.revocationLag = new Histogram({
      name: 'latchkey_revocation_lag_seconds',
      help: 'From the commit of a revocation to when no instance accepts the sessions any more, near caches aside.',
      buckets: LAG_BUCKETS,
      registers: [registry],
    });
  }

  /** Exports the lag of a kind of change from now on, at 0. */
  expect(kind: string): void {
    this.outboxLag.zero({ kind });
  }

  /** A change that another process could not bring to Redis was brought there by this one. */
  appliedFromOutbox(kind: string, lagMs: number): void {
    this.outboxLag.labels(kind).observe(lagMs / 1000);
  }

  /** Measures from now, when a revocation has just been committed, to when that is enforced. */
  async untilEnforced<T>(enforce: () => Promise<T>): Promise<T> {
    const beganMs = performance.now();
    const result = await enforce();
    this.revocationLag.observe((performance.now() - beganMs) / 1000);
    return result;
  }

  /** @param isInSync read when it is asked for. @param boundMs see SyncTimings.leaseMs. */
  watchSync(isInSync: () => boolean, boundMs: number): void {
    new Gauge({
      name: 'latchkey_redis_in_sync',
      help: '1 while Redis is in sync for this process, 0 while Postgres answers.',
      registers: [this.registry],
      collect() {
        this.set(isInSync() ? 1 : 0);
      },
    });
    new Gauge({
      name: 'latchkey_revocation_lag_bound_seconds',
      help: 'The longest time for which an instance may go by a Redis that lacks a revocation.',
      registers: [this.registry],
    }).set(boundMs / 1000);
  }
}
