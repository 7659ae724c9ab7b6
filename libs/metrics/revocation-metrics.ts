import { Gauge, Histogram, type Registry } from 'prom-client';

/** With a boundary at the bound of a poll, 1 s. */
const LAG_BUCKETS = [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10];

/** The stream of revocations. */
export class RevocationMetrics {
  private readonly lag: Histogram;

  constructor(private readonly registry: Registry) {
    this.lag = new Histogram({
      name: 'latchkey_revocation_stream_lag_seconds',
      help: 'Time from the commit of a revocation until this process sent it to the subscribers of the stream.',
      buckets: LAG_BUCKETS,
      registers: [registry],
    });
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
