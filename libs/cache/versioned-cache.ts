import { Inject, type OnModuleInit } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { SingleFlight } from '#libs/common';
import { Metrics } from '#libs/metrics';
import { SyncLeases, WriteThrough } from '#libs/sync';
import type { CachedRead, CacheStatus, Versioned } from './cache-definition';
import { isOfEpoch } from './entry-codec';
import { RedisEntryStore } from './redis-entry.store';

/** Maximum number of decoded entries in memory; a profile takes about 1 kB. */
const MAX_DECODED = 4_000;

/**
 * A read-through cache with one versioned entry per user, which `UserCaches` invalidates. A subclass has a static
 * `definition` and loads an entry; `CacheModule` provides it.
 */
export abstract class VersionedCache<Entry extends Versioned> implements OnModuleInit {
  // Properties, so that the constructor of a subclass has the dependencies of `load` alone.
  @Inject(RedisEntryStore) private readonly entries!: RedisEntryStore<Entry>;
  @Inject(SyncLeases) private readonly leases!: SyncLeases;
  @Inject(WriteThrough) private readonly writeThrough!: WriteThrough;
  @Inject(Metrics) private readonly metrics!: Metrics;

  private readonly misses = new SingleFlight<CachedRead<Entry> | null>();
  /** By the text of the entry, which has its version: equal texts are decoded once. */
  private readonly decoded = new LRUCache<string, CachedRead<Entry>>({ max: MAX_DECODED });
  private readonly counts: Record<CacheStatus, number> = { HIT: 0, MISS: 0, BYPASS: 0 };

  /**
   * Reads an entry from the source of truth, its version no later than its content.
   * @returns null for a user that does not exist.
   * @throws DependencyUnavailableError while the source of truth is unavailable.
   */
  protected abstract load(userId: string): Promise<Entry | null>;

  onModuleInit(): void {
    this.metrics.caches.watchReads(this.entries.definition.name, () => this.counts);
  }

  /** The key to read together with the verification of a session, so that both take one round trip. */
  keyOf(userId: string): string {
    return this.entries.keyOf(userId);
  }

  /**
   * Decodes the value of `keyOf`, without a round trip.
   * @returns null without valid content.
   */
  hit(userId: string, text: string | null): CachedRead<Entry> | null {
    const epoch = this.leases.of(userId).epoch();
    if (epoch === null || text === null || !isOfEpoch(text, epoch)) {
      return null;
    }
    const cached = this.decoded.get(text) ?? this.decode(text, epoch);
    if (cached) {
      this.counts.HIT += 1;
    }
    return cached;
  }

  /**
   * Reads the entry. A hit takes one round trip. A miss takes one query and two round trips, which all concurrent
   * readers of the user share; while Redis is stale, one query.
   * @returns null for a user that does not exist.
   * @throws DependencyUnavailableError while the source of truth is unavailable.
   */
  async read(userId: string): Promise<CachedRead<Entry> | null> {
    const read = await this.misses.run(userId, () => this.readThrough(userId));
    if (read) {
      this.counts[read.cache] += 1;
    }
    return read;
  }

  /** Number of reads by result, since the start of the process. */
  readCounts(): Readonly<Record<CacheStatus, number>> {
    return { ...this.counts };
  }

  /** Takes the lease before the read, so that the entry read is as new as the version in Redis. */
  private async readThrough(userId: string): Promise<CachedRead<Entry> | null> {
    const { entries, writeThrough } = this;
    const epoch = this.leases.of(userId).epoch();
    const lease =
      epoch === null
        ? null
        : await writeThrough.tryWrite(userId, () => entries.lease(userId, epoch));
    if (lease && !('leased' in lease)) {
      return { ...lease, cache: 'HIT' };
    }
    const current = await this.load(userId);
    if (!current) {
      return null;
    }
    const filled =
      lease && (await writeThrough.tryWrite(userId, () => entries.fill(userId, current, lease)));
    return { ...current, cache: filled === null ? 'BYPASS' : 'MISS' };
  }

  private decode(text: string, epoch: string): CachedRead<Entry> | null {
    const entry = this.entries.codec.decode(text, epoch);
    if (!entry) {
      return null;
    }
    const hit = Object.freeze({ ...entry, cache: 'HIT' as const });
    this.decoded.set(text, hit);
    return hit;
  }
}
