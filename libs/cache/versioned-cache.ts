import type { OnModuleInit } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { SingleFlight } from '#libs/common';
import type { ApplyChange } from '#libs/sync';
import type { CacheDependencies } from './cache-dependencies';
import type { CachedRead, CacheStatus, Versioned } from './cache-definition';
import { isOfEpoch } from './entry-codec';

/** Maximum number of decoded entries in memory; a profile takes about 1 kB. */
const MAX_DECODED = 4_000;

/**
 * A read-through cache with one versioned entry per user. Once a change is answered, no instance returns older content:
 * Redis has the new version or a fence, or no instance uses Redis. A subclass has a static `definition` and loads an
 * entry; `CacheModule` provides it.
 */
export abstract class VersionedCache<Entry extends Versioned> implements OnModuleInit {
  private readonly changeKind: string;
  private readonly misses = new SingleFlight<CachedRead<Entry> | null>();
  /** By the text of the entry, which has its version: equal texts are decoded once. */
  private readonly decoded = new LRUCache<string, CachedRead<Entry>>({ max: MAX_DECODED });
  private readonly counts: Record<CacheStatus, number> = { HIT: 0, MISS: 0, BYPASS: 0 };

  constructor(private readonly dependencies: CacheDependencies<Entry>) {
    const { definition, metrics } = dependencies;
    this.changeKind = `${definition.name}-changed`;
    metrics.caches.watchReads({ ...definition, reads: () => this.counts });
  }

  /**
   * Reads an entry from the source of truth.
   * @returns null for a user that does not exist.
   * @throws DependencyUnavailableError while the source of truth is unavailable.
   */
  protected abstract load(userId: string): Promise<Entry | null>;

  onModuleInit(): void {
    this.dependencies.applier.onChange(this.changeKind, this.applyChange);
  }

  /** The key to read together with the verification of a session, so that both take one round trip. */
  keyOf(userId: string): string {
    return this.dependencies.entries.keyOf(userId);
  }

  /**
   * Decodes the value of `keyOf`, without a round trip.
   * @returns null without valid content.
   */
  hit(userId: string, text: string | null): CachedRead<Entry> | null {
    const epoch = this.dependencies.leases.of(userId).epoch();
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

  /**
   * Changes the content: Postgres first, then the cache. One transaction, one round trip.
   * @param write makes the change in that transaction, and returns the new entry.
   * @returns the result of `write`.
   * @throws DependencyUnavailableError while the source of truth is unavailable.
   */
  async change<T extends Entry>(userId: string, write: () => Promise<T | null>): Promise<T | null> {
    const { database, entries, leases, writeThrough } = this.dependencies;
    const epoch = leases.of(userId).epoch();
    const changed = await database.transaction(async () => {
      const written = await write();
      if (written) {
        await this.invalidateInTransaction(userId, written);
      }
      return written;
    });
    if (changed) {
      await writeThrough.write(userId, () => entries.publish(userId, changed, epoch));
    }
    return changed;
  }

  /** Appends the invalidation to the outbox, in the transaction of a change. One query. */
  async invalidateInTransaction(userId: string, { version }: Versioned): Promise<void> {
    const { outbox } = this.dependencies;
    await outbox.append({ kind: this.changeKind, userId, details: { version } });
  }

  /** Invalidates older content after the commit of such a change. One round trip. */
  async invalidate(userId: string, { version }: Versioned): Promise<void> {
    const { entries, writeThrough } = this.dependencies;
    await writeThrough.write(userId, () => entries.fence(userId, version));
  }

  /** Drops the content of the user, if Redis is available. One round trip. */
  async clear(userId: string): Promise<void> {
    const { entries, writeThrough } = this.dependencies;
    await writeThrough.tryWrite(userId, () => entries.clear(userId));
  }

  /** Takes the lease before the read, so that the entry read is as new as the version in Redis. */
  private async readThrough(userId: string): Promise<CachedRead<Entry> | null> {
    const { entries, leases, writeThrough } = this.dependencies;
    const epoch = leases.of(userId).epoch();
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

  private readonly applyChange: ApplyChange = async ({ userId, details }) => {
    const fenced = await this.dependencies.entries.fence(userId, Number(details.version));
    return fenced === 'unchanged' ? 'known' : 'new';
  };

  private decode(text: string, epoch: string): CachedRead<Entry> | null {
    const entry = this.dependencies.entries.codec.decode(text, epoch);
    if (!entry) {
      return null;
    }
    const hit = Object.freeze({ ...entry, cache: 'HIT' as const });
    this.decoded.set(text, hit);
    return hit;
  }
}
