import type { Histogram } from 'prom-client';
import { DependencyUnavailableError } from '#libs/common';

/**
 * How a call to a store ended. `unavailable`: it did not answer in time, or said "not now"; `failed`:
 * with another error, also one by which the product itself takes a transaction back.
 */
type Outcome = 'ok' | 'unavailable' | 'failed';

/** Measures the calls of one kind, by their outcome. */
export class CallTimer {
  private readonly observers: Record<Outcome, { observe(seconds: number): void }>;

  /** @param histogram with the labels of a kind of call, and then `outcome`. */
  constructor(histogram: Histogram, kind: string) {
    this.observers = {
      ok: histogram.labels(kind, 'ok'),
      unavailable: histogram.labels(kind, 'unavailable'),
      failed: histogram.labels(kind, 'failed'),
    };
  }

  /** Does the work, and passes on what it returns or throws. */
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
