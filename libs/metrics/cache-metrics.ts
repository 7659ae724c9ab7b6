import { Counter, type Registry } from 'prom-client';

/** The reads of one cache. */
export interface CacheReads {
  /** One word, part of the metric's name. */
  name: string;
  /** What was read, as the help calls it: `Profiles`. */
  title: string;
  /** Since the start of the process, read at a scrape. */
  reads: () => Readonly<Record<string, number>>;
}

/** Caches in Redis. */
export class CacheMetrics {
  constructor(private readonly registry: Registry) {}

  watchReads({ name, title, reads }: CacheReads): void {
    new Counter({
      name: `latchkey_${name}_reads_total`,
      help: `${title} that were read, by what the cache had: HIT, MISS, or BYPASS without Redis.`,
      labelNames: ['cache'],
      registers: [this.registry],
      collect() {
        this.reset();
        Object.entries(reads()).forEach(([cache, count]) => this.inc({ cache }, count));
      },
    });
  }
}
