import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import { RedisClient, type RedisScript } from '#libs/redis';
import { STATISTICS_KEY } from '#libs/statistics';
import { syncKeys } from '#libs/sync';
import type { VersionedProfile } from './profile';
import { profileCacheKeys } from './profile-cache.keys';
import { ProfileCacheOptions } from './profile-cache.options';
import { decodeEntry, encodeProfile, PROFILE_FORMAT } from './profile-entry';

const TTL_JITTER = 0.1;
/** Longer than a read of the record may take. */
const LEASE_MS = 10_000;

/** `unchanged`: this or something newer stands there. */
export type PublishOutcome = 'stored' | 'fenced' | 'unchanged';

const PUBLISH_OUTCOMES: Record<number, PublishOutcome> = { 1: 'stored', 2: 'fenced' };

/** The right to cache what is read from now on, while nothing else happens to the entry. */
export interface Lease {
  /** The entry as it stands. */
  entry: string;
  /** What it begins with: epoch and a colon. */
  epoch: string;
}

/**
 * Cached profiles in Redis. Each operation is one script, atomic, one round trip. All methods throw
 * DependencyUnavailableError when Redis is away.
 */
@Injectable()
export class RedisProfileStore {
  private readonly leaseScript: RedisScript;
  private readonly fillScript: RedisScript;
  private readonly publishScript: RedisScript;
  private readonly clearScript: RedisScript;

  constructor(
    redis: RedisClient,
    private readonly options: ProfileCacheOptions,
  ) {
    const load = (name: string) => redis.script(join(__dirname, 'scripts', `${name}.lua`));
    redis.tryKey(profileCacheKeys.profile('probe'), 'string');
    this.leaseScript = load('lease-profile');
    this.fillScript = load('fill-profile');
    this.publishScript = load('publish-profile');
    this.clearScript = load('clear-profile');
  }

  /**
   * To be asked before the record is read.
   * @param epoch in which Redis is in sync.
   * @returns a profile where one has come meanwhile; null in another epoch.
   */
  async lease(userId: string, epoch: string): Promise<Lease | VersionedProfile | null> {
    const reply = await this.leaseScript(
      [profileCacheKeys.profile(userId), STATISTICS_KEY, syncKeys.checkpoint],
      [randomUUID(), LEASE_MS, epoch, PROFILE_FORMAT],
    );
    const entry = reply as string | null;
    return entry === null ? null : (decodeEntry(entry, epoch) ?? { entry, epoch });
  }

  /**
   * Caches a profile that was read under a lease.
   * @returns false when the lease stands no more: the profile may be out of date by now.
   */
  async fill({ version, profile }: VersionedProfile, { entry, epoch }: Lease): Promise<boolean> {
    const filled = `${epoch}:${version}:${encodeProfile(profile)}`;
    const reply = await this.fillScript(
      [profileCacheKeys.profile(profile.id), STATISTICS_KEY],
      [entry, filled, this.jitteredTtlMs()],
    );
    return reply === 1;
  }

  /**
   * Says that a profile has been recorded. It is cached in the place of the version before it; where
   * something else stands, or nothing, only a fence is put up.
   * @param epoch in which Redis was in sync before the profile was recorded; null: it was not.
   */
  async publish({ version, profile }: VersionedProfile, epoch: string | null) {
    return this.runPublish(profile.id, [
      version,
      encodeProfile(profile),
      this.jitteredTtlMs(),
      epoch ?? '',
    ]);
  }

  /** Lets nothing older than a version be read or cached, and holds no profile where that stood. */
  async fence(userId: string, version: number): Promise<PublishOutcome> {
    return this.runPublish(userId, [version, '', this.options.ttlSeconds * 1000, '']);
  }

  /** Forgets the profile and keeps its version as a fence. */
  async clear(userId: string): Promise<void> {
    await this.clearScript([profileCacheKeys.profile(userId), STATISTICS_KEY], []);
  }

  private async runPublish(userId: string, args: (string | number)[]): Promise<PublishOutcome> {
    const keys = [profileCacheKeys.profile(userId), STATISTICS_KEY, syncKeys.checkpoint];
    const reply = await this.publishScript(keys, args);
    return PUBLISH_OUTCOMES[reply as number] ?? 'unchanged';
  }

  private jitteredTtlMs(): number {
    return Math.round(this.options.ttlSeconds * 1000 * (1 - Math.random() * TTL_JITTER));
  }
}
