import { performance } from 'node:perf_hooks';
import type { Reply } from './send';

/** One request as its client measured it. Milliseconds; instants by the monotonic clock. */
interface Sample {
  startMs: number;
  tookMs: number;
  isGood: boolean;
}

/** The duration of requests, and the time of the first good answer. */
export class Meter {
  private readonly samples: Sample[] = [];

  /** Measures one request. An answer of 2xx is good. */
  async measure<R extends Pick<Reply, 'status'>>(ask: () => Promise<R>): Promise<R> {
    const startMs = performance.now();
    const reply = await ask();
    const isGood = reply.status >= 200 && reply.status < 300;
    this.samples.push({ startMs, tookMs: performance.now() - startMs, isGood });
    return reply;
  }

  get count(): number {
    return this.samples.length;
  }

  get failed(): number {
    return this.samples.filter(({ isGood }) => !isGood).length;
  }

  /** @param share 0.5 for the median, 1 for the longest. */
  percentileMs(share: number): number {
    const sorted = this.samples.map(({ tookMs }) => tookMs).sort((one, other) => one - other);
    return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
  }

  /** From an instant to the first good answer to a request that began after it. */
  firstGoodAfterMs(instantMs: number): number {
    const ends = this.samples
      .filter(({ startMs, isGood }) => isGood && startMs >= instantMs)
      .map(({ startMs, tookMs }) => startMs + tookMs);
    return Math.min(...ends) - instantMs;
  }
}

/** Resolves when so many clients together have made so many requests. */
export async function askRepeatedly(
  meter: Meter,
  { clients, requests }: { clients: number; requests: number },
  ask: (index: number) => Promise<Pick<Reply, 'status'>>,
): Promise<void> {
  let next = 0;
  const run = async (): Promise<void> => {
    while (next < requests) {
      const index = next;
      next += 1;
      await meter.measure(() => ask(index));
    }
  };
  await Promise.all(Array.from({ length: clients }, run));
}
