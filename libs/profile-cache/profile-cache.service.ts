import { join } from 'node:path';
import { Injectable, Logger } from '@nestjs/common';
import { DependencyUnavailableError } from '#libs/common';
import { RedisClient, type RedisScript } from '#libs/redis';
import { STATISTICS_KEY } from '#libs/statistics';
import { profileCacheKeys } from './profile-cache.keys';
import { ProfileCacheOptions } from './profile-cache.options';
import { decodeEntry, encodeProfile } from './profile-entry';
import type { VersionedProfile } from './profile';
import { ProfileSource } from './profile-source';

export type CacheStatus = 'HIT' | 'MISS' | 'BYPASS';

export interface CachedRead extends VersionedProfile {
  cache: CacheStatus;
}

const TTL_JITTER = 0.1;

/** The read-through cache of profiles: one versioned entry a user. */
@Injectable()
export class ProfileCacheService {
  private readonly logger = new Logger('ProfileCache');
  private readonly putScript: RedisScript;
  private readonly clearScript: RedisScript;

  constructor(
    redis: RedisClient,
    private readonly source: ProfileSource,
    private readonly options: ProfileCacheOptions,
  ) {
    this.putScript = redis.script(join(__dirname, 'scripts', 'put-profile.lua'));
    this.clearScript = redis.script(join(__dirname, 'scripts', 'clear-profile.lua'));
  }

  /** The key to read along with a session's verification, so that both cost one round trip. */
  keyOf(userId: string): string {
    return profileCacheKeys.profile(userId);
  }

  /**
   * The profile for the value that stood at `keyOf`. A hit costs nothing more; a miss one query and
   * one round trip.
   * @returns null for a user that does not exist.
   * @throws DependencyUnavailableError on a miss while the source is away.
   */
  async read(userId: string, entry: string | null): Promise<CachedRead | null> {
    const cached = decodeEntry(entry);
    if (cached) {
      return { ...cached, cache: 'HIT' };
    }
    const current = await this.source.readProfile(userId);
    if (!current) {
      return null;
    }
    const stored = await this.tryPut(current);
    return { ...current, cache: stored ? 'MISS' : 'BYPASS' };
  }

  /**
   * Caches a profile that was just written, unless a newer one stands there. One round trip.
   * @throws DependencyUnavailableError when Redis is away: an older entry may still be served.
   */
  async put({ version, profile }: VersionedProfile): Promise<void> {
    await this.putScript(
      [this.keyOf(profile.id), STATISTICS_KEY],
      [version, encodeProfile(profile), this.jitteredTtlMs()],
    );
  }

  /** Forgets the user's cached profile. One round trip. @throws DependencyUnavailableError */
  async clear(userId: string): Promise<void> {
    await this.clearScript([this.keyOf(userId), STATISTICS_KEY], []);
  }

  /** A profile that cannot be cached can still be returned. */
  private async tryPut(current: VersionedProfile): Promise<boolean> {
    try {
      await this.put(current);
      return true;
    } catch (error) {
      if (!(error instanceof DependencyUnavailableError)) {
        throw error;
      }
      this.logger.warn('profile not cached: Redis is unavailable');
      return false;
    }
  }

  private jitteredTtlMs(): number {
    return Math.round(this.options.ttlSeconds * 1000 * (1 - Math.random() * TTL_JITTER));
  }
}
