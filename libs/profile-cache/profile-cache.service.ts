import { Injectable, type OnModuleInit } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { SingleFlight } from '#libs/common';
import { Database } from '#libs/database';
import { Metrics } from '#libs/metrics';
import { Outbox, SyncLease, WriteThrough, Synchroniser, type ApplyChange } from '#libs/sync';
import { profileCacheKeys } from './profile-cache.keys';
import { decodeEntry, isOfEpoch } from './profile-entry';
import { RedisProfileStore } from './redis-profile.store';
import type { VersionedProfile } from './profile';
import { ProfileSource } from './profile-source';

export type CacheStatus = 'HIT' | 'MISS' | 'BYPASS';

export interface CachedRead extends VersionedProfile {
  cache: CacheStatus;
}

/** Entries whose profile is remembered at most; one takes about 1 kB. */
const MAX_DECODED = 4_000;

/** Kind of the outbox entry that says: what is cached below this version is out of date. */
const PROFILE_CHANGED = 'profile-changed';

/**
 * The read-through cache of profiles: one versioned entry a user. Once a change has been answered no
 * instance shows an older profile: Redis holds the new version then, or a fence, or is stale.
 */
@Injectable()
export class ProfileCacheService implements OnModuleInit {
  private readonly misses = new SingleFlight<CachedRead | null>();
  /** By the text of the entry, which names its version: the same text is read once. */
  private readonly decoded = new LRUCache<string, CachedRead>({ max: MAX_DECODED });
  private readonly counts: Record<CacheStatus, number> = { HIT: 0, MISS: 0, BYPASS: 0 };

  constructor(
    private readonly redis: RedisProfileStore,
    private readonly source: ProfileSource,
    private readonly database: Database,
    private readonly outbox: Outbox,
    private readonly synchroniser: Synchroniser,
    private readonly syncLease: SyncLease,
    private readonly writeThrough: WriteThrough,
    metrics: Metrics,
  ) {
    metrics.sessions.watchProfileReads(() => this.counts);
  }

  onModuleInit(): void {
    this.synchroniser.onChange(PROFILE_CHANGED, this.applyChange);
  }

  /** The key to read along with a session's verification, so that both cost one round trip. */
  keyOf(userId: string): string {
    return profileCacheKeys.profile(userId);
  }

  /** The profile in the value that stood at `keyOf`, at no further cost; null where it does not hold one. */
  hit(entry: string | null): CachedRead | null {
    const epoch = this.syncLease.epoch();
    if (epoch === null || entry === null || !isOfEpoch(entry, epoch)) {
      return null;
    }
    const cached = this.decoded.get(entry) ?? this.decode(entry, epoch);
    if (cached) {
      this.counts.HIT += 1;
    }
    return cached;
  }

  /**
   * The profile where there was no hit: one query and two round trips, however many ask for the same
   * profile at once; while Redis is stale one query.
   * @returns null for a user that does not exist.
   * @throws DependencyUnavailableError while the source is away.
   */
  async read(userId: string): Promise<CachedRead | null> {
    const read = await this.misses.run(userId, () => this.readThrough(userId));
    if (read) {
      this.counts[read.cache] += 1;
    }
    return read;
  }

  private decode(entry: string, epoch: string): CachedRead | null {
    const read = decodeEntry(entry, epoch);
    if (!read) {
      return null;
    }
    const { version, profile } = read;
    const hit = Object.freeze({ version, profile: Object.freeze(profile), cache: 'HIT' as const });
    this.decoded.set(entry, hit);
    return hit;
  }

  /** How profiles were read since the start of the process. */
  readCounts(): Readonly<Record<CacheStatus, number>> {
    return { ...this.counts };
  }

  /**
   * Changes a profile: record first, then the cache. One transaction, one round trip.
   * @param write makes the change where profiles are kept, and returns what it made.
   * @returns what `write` returned.
   * @throws DependencyUnavailableError when the record is away.
   */
  async change<T extends VersionedProfile>(write: () => Promise<T | null>): Promise<T | null> {
    const epoch = this.syncLease.epoch();
    const changed = await this.database.transaction(async () => {
      const written = await write();
      if (written) {
        await this.invalidateInTransaction(written);
      }
      return written;
    });
    if (changed) {
      await this.writeThrough.write(changed.profile.id, () => this.redis.publish(changed, epoch));
    }
    return changed;
  }

  /** Says, in the transaction that changes a profile, that what is cached is out of date. One query. */
  async invalidateInTransaction({ version, profile }: VersionedProfile): Promise<void> {
    await this.outbox.append({ kind: PROFILE_CHANGED, userId: profile.id, details: { version } });
  }

  /** For a change that was announced and is committed: nobody is shown an older one. One round trip. */
  async invalidate({ version, profile }: VersionedProfile): Promise<void> {
    await this.writeThrough.write(profile.id, () => this.redis.fence(profile.id, version));
  }

  /** Forgets the user's cached profile, if Redis can be reached. One round trip. */
  async clear(userId: string): Promise<void> {
    await this.writeThrough.tryWrite(userId, () => this.redis.clear(userId));
  }

  /** Leased before the record is read: what is read then is as new as what Redis knows. */
  private async readThrough(userId: string): Promise<CachedRead | null> {
    const epoch = this.syncLease.epoch();
    const lease =
      epoch === null
        ? null
        : await this.writeThrough.tryWrite(userId, () => this.redis.lease(userId, epoch));
    if (lease && 'profile' in lease) {
      return { ...lease, cache: 'HIT' };
    }
    const current = await this.source.readProfile(userId);
    if (!current) {
      return null;
    }
    const filled =
      lease && (await this.writeThrough.tryWrite(userId, () => this.redis.fill(current, lease)));
    return { ...current, cache: filled === null ? 'BYPASS' : 'MISS' };
  }

  private readonly applyChange: ApplyChange = async ({ userId, details }) => {
    const fenced = await this.redis.fence(userId, Number(details.version));
    return fenced === 'unchanged' ? 'known' : 'new';
  };
}
