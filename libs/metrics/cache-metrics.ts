import { Counter, type Registry } from 'prom-client';

/** Counts by result since the start of the process, read at a scrape. */
type Reads = () => Readonly<Record<string, number>>;

/** Caches in Redis. */
export class CacheMetrics {
  private readonly caches = new Map<string, Reads>();

  constructor(registry: Registry) {
    const { caches } = this;
    new Counter({
      name: 'latchkey_cache_reads_total',
      help: 'Reads of a cache, by result: HIT, MISS, or BYPASS without Redis.',
      labelNames: ['cache', 'result'],
      registers: [registry],
      collect() {
        this.reset();
        for (const [cache, reads] of caches) {
          Object.entries(reads()).forEach(([result, count]) => this.inc({ cache, result }, count));
        }
      },
    });
  }

  watchReads(cache: string, reads: Reads): void {
    this.caches.set(cache, reads);
  }
}
