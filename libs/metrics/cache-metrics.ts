import { Counter, type Registry } from 'prom-client';

/** The reads of one cache. */
export interface CacheReads {
  /** One word, a part of the metric's name. */
  name: string;
  /** The cached content, for the help text: `Profiles`. */
  title: string;
  /** Counts since the start of the process, read at a scrape. */
  reads: () => Readonly<Record<string, number>>;
}

/** Caches in Redis. */
export class CacheMetrics {
  constructor(private readonly registry: Registry) {}

  watchReads({ name, title, reads }: CacheReads): void {
    new Counter({
      name: `latchkey_${name}_reads_total`,
      help: `${title} that were read, by result of the cache: HIT, MISS, or BYPASS without Redis.`,
      labelNames: ['cache'],
      registers: [this.registry],
      collect() {
        this.reset();
        Object.entries(reads()).forEach(([cache, count]) => this.inc({ cache }, count));
      },
    });
  }
}
