// @ts-check
import { performance } from 'node:perf_hooks';

/** Latencies of repetitions, in milliseconds. */
export class Latencies {
  /** @type {number[]} */
  #tookMs = [];

  /**
   * @template T
   * @param {() => Promise<T>} work
   * @returns {Promise<T>}
   */
  async measure(work) {
    const startMs = performance.now();
    const result = await work();
    this.add(performance.now() - startMs);
    return result;
  }

  /** @param {number} ms */
  add(ms) {
    this.#tookMs.push(ms);
  }

  /** @param {number} share 0.5 for the median */
  percentile(share) {
    const sorted = this.#tookMs.toSorted((one, other) => one - other);
    return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
  }
}
