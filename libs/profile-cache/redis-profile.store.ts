import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import { RedisClient, type RedisScript } from '#libs/redis';
import { STATISTICS_KEY } from '#libs/statistics';
import { syncKeys } from '#libs/sync';
import type { VersionedProfile } from './profile';
import { profileCacheKeys } from './profile-cache.keys';
import { ProfileCacheOptions } from './profile-cache.options';
import { encodeProfile } from './profile-entry';

const TTL_JITTER = 0.1;

/** `unchanged`: something newer stands there, or the same. */
export type PutOutcome = 'stored' | 'fenced' | 'unchanged';

const PUT_OUTCOMES: Record<number, PutOutcome> = { 1: 'stored', 2: 'fenced', 0: 'unchanged' };

/**
 * Cached profiles in Redis. Each operation is one script, atomic, one round trip. All methods throw
 * DependencyUnavailableError when Redis is away.
 */
@Injectable()
export class RedisProfileStore {
  private readonly putScript: RedisScript;
  private readonly clearScript: RedisScript;

  constructor(
    redis: RedisClient,
    private readonly options: ProfileCacheOptions,
  ) {
    this.putScript = redis.script(join(__dirname, 'scripts', 'put-profile.lua'));
    this.clearScript = redis.script(join(__dirname, 'scripts', 'clear-profile.lua'));
  }

  /**
   * Caches a profile, unless a newer one stands there.
   * @param era in which Redis was believed before the profile was read or written. In another one, or
   * where it is null, only a fence is put up: newer data may have been lost since.
   */
  async put({ version, profile }: VersionedProfile, era: string | null): Promise<PutOutcome> {
    return this.run(profile.id, [version, encodeProfile(profile), this.jitteredTtlMs(), era ?? '']);
  }

  /** Lets nothing older than a version be read or put, and holds no profile where that stood. */
  async fence(userId: string, version: number): Promise<PutOutcome> {
    return this.run(userId, [version, '', this.options.ttlSeconds * 1000, '']);
  }

  /** Forgets the profile and keeps its version as a fence. */
  async clear(userId: string): Promise<void> {
    await this.clearScript([profileCacheKeys.profile(userId), STATISTICS_KEY], []);
  }

  private async run(userId: string, args: (string | number)[]): Promise<PutOutcome> {
    const keys = [profileCacheKeys.profile(userId), STATISTICS_KEY, syncKeys.position];
    return PUT_OUTCOMES[(await this.putScript(keys, args)) as number] ?? 'unchanged';
  }

  private jitteredTtlMs(): number {
    return Math.round(this.options.ttlSeconds * 1000 * (1 - Math.random() * TTL_JITTER));
  }
}
