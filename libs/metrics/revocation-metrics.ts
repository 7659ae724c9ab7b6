import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** With a boundary at the bound of a poll, 1 s. */
const LAG_BUCKETS = [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10];

/** The stream of revocations. */
export class RevocationMetrics {
  private readonly lag: Histogram;
  private readonly reach: Histogram;
  private readonly canaries: Counter;

  constructor(private readonly registry: Registry) {
    this.lag = new Histogram({
      name: 'latchkey_revocation_stream_lag_seconds',
      help: 'Time from the commit of a revocation until this process sent it to the subscribers of the stream.',
      buckets: LAG_BUCKETS,
      registers: [registry],
    });
    this.reach = new Histogram({
      name: 'latchkey_revocation_reach_seconds',
      help: 'Time from the answer to a revocation until an instance refused the session (verify), or the stream named it.',
      labelNames: ['path'],
      buckets: LAG_BUCKETS,
      registers: [registry],
    });
    this.canaries = new Counter({
      name: 'latchkey_canaries_total',
      help: 'Trials of the canary by result.',
      labelNames: ['result'],
      registers: [registry],
    });
    ['verify', 'stream'].forEach((path) => this.reach.zero({ path }));
    ['reached', 'late', 'unmeasured'].forEach((result) => this.canaries.inc({ result }, 0));
  }

  /** @param reachMs since the revocation was answered. */
  reached(path: 'verify' | 'stream', reachMs: number): void {
    this.reach.observe({ path }, reachMs / 1000);
  }

  canary(result: 'reached' | 'late' | 'unmeasured'): void {
    this.canaries.inc({ result });
  }

  /** @param lagMs since the commit. */
  streamed(lagMs: number): void {
    this.lag.observe(lagMs / 1000);
  }

  /** @param count read at each scrape. */
  watchSubscribers(count: () => number): void {
    new Gauge({
      name: 'latchkey_revocation_subscribers',
      help: 'Open streams of revocations.',
      registers: [this.registry],
      collect() {
        this.set(count());
      },
    });
  }
}
