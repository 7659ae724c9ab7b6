import type { Histogram } from 'prom-client';
import { DependencyUnavailableError } from '#libs/common';

/**
 * The outcome of a call to a store. `unavailable`: the store did not answer in time, or answered "not now"; `failed`:
 * another error, including one that rolls a transaction back.
 */
type Outcome = 'ok' | 'unavailable' | 'failed';

/** Measures the calls of one kind, by outcome. */
export class CallTimer {
  private readonly observers: Record<Outcome, { observe(seconds: number): void }>;

  /** @param histogram with the labels of a kind of call, then `outcome`. */
  constructor(histogram: Histogram, kind: string) {
    this.observers = {
      ok: histogram.labels(kind, 'ok'),
      unavailable: histogram.labels(kind, 'unavailable'),
      failed: histogram.labels(kind, 'failed'),
    };
  }

  /** Does the work, and passes on its result or error. */
  async measure<T>(work: () => Promise<T>): Promise<T> {
    const beganMs = performance.now();
    try {
      const result = await work();
      this.observe('ok', beganMs);
      return result;
    } catch (error) {
      this.observe(error instanceof DependencyUnavailableError ? 'unavailable' : 'failed', beganMs);
      throw error;
    }
  }

  private observe(outcome: Outcome, beganMs: number): void {
    this.observers[outcome].observe((performance.now() - beganMs) / 1000);
  }
}
