import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** Password hashing at this moment. */
export interface HashingQueue {
  inProgress: number;
  waiting: number;
}

/** Password hashing: running, waiting, and its duration. */
export class PasswordMetrics {
  private readonly durations: Histogram;
  private readonly refusals: Counter;

  constructor(private readonly registry: Registry) {
    this.durations = new Histogram({
      name: 'latchkey_password_hashing_duration_seconds',
      help: 'Time on a thread for one password hash or one check of a password.',
      labelNames: ['operation'],
      buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
      registers: [registry],
    });
    this.refusals = new Counter({
      name: 'latchkey_password_hashing_refused_total',
      help: 'Attempts to hash a password that were refused because too many waited.',
      registers: [registry],
    });
  }

  refuse(): void {
    this.refusals.inc();
  }

  /** Does the work, and measures it if it succeeds. */
  async measure<T>(operation: 'hash' | 'verify', work: () => Promise<T>): Promise<T> {
    const beganMs = performance.now();
    const result = await work();
    this.durations.labels(operation).observe((performance.now() - beganMs) / 1000);
    return result;
  }

  /** @param queue read at each scrape. */
  watchQueue(queue: () => HashingQueue): void {
    new Gauge({
      name: 'latchkey_password_hashing_in_progress',
      help: 'Passwords that are hashed on a thread.',
      registers: [this.registry],
      collect() {
        this.set(queue().inProgress);
      },
    });
    new Gauge({
      name: 'latchkey_password_hashing_waiting',
      help: 'Attempts that wait for their turn to hash a password.',
      registers: [this.registry],
      collect() {
        this.set(queue().waiting);
      },
    });
  }
}
