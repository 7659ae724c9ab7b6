import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { Inject, Injectable } from '@nestjs/common';
import { RedisClient, type RedisScript } from '#libs/redis';
import { CACHE_DEFINITION, type CacheDefinition, type Versioned } from './cache-definition';
import { CacheOptions } from './cache.options';
import { EntryCodec } from './entry-codec';

const TTL_JITTER = 0.1;
/** Longer than a read of Postgres may take. */
const LEASE_MS = 10_000;

/** The permission to cache data that is read from now on, unless the entry changes meanwhile. */
export interface Lease {
  /** The current entry. */
  leased: string;
  epoch: string;
}

/**
 * The entries of one cache in Redis. Each operation is one atomic script and one round trip. All methods throw
 * DependencyUnavailableError while Redis is unavailable.
 */
@Injectable()
export class RedisEntryStore<Entry extends Versioned> {
  readonly codec: EntryCodec<Entry>;
  /** The kind under which the scripts count content; empty: none. */
  private readonly kind: string;
  private readonly leaseScript: RedisScript;
  private readonly fillScript: RedisScript;
  private readonly fenceScript: RedisScript;
  private readonly clearScript: RedisScript;

  constructor(
    private readonly redis: RedisClient,
    @Inject(CACHE_DEFINITION) readonly definition: CacheDefinition<Entry>,
    private readonly options: CacheOptions,
  ) {
    const load = (name: string) => redis.script(join(__dirname, 'scripts', `${name}.lua`));
    this.codec = new EntryCodec(definition);
    this.kind = definition.countedAs ?? '';
    redis.tryKey(this.keyOf('probe'), 'string');
    this.leaseScript = load('lease-entry');
    this.fillScript = load('fill-entry');
    this.fenceScript = load('fence-entry');
    this.clearScript = load('clear-entry');
  }

  /**
   * String: `epoch:version:content`. Without content it is a fence, which refuses older versions; with a lease in place
   * of the content, the holder of the lease may fill it. TTL: the entry's.
   */
  keyOf(userId: string): string {
    return this.redis.keys.cached(this.definition.name, userId);
  }

  /**
   * Takes a lease. Call it before Postgres is read.
   * @param epoch in which Redis is in sync.
   * @returns an entry instead if content was stored meanwhile; null in another epoch.
   */
  async lease(userId: string, epoch: string): Promise<Lease | Entry | null> {
    const reply = await this.leaseScript(this.keysOf(userId), [
      this.kind,
      randomUUID(),
      LEASE_MS,
      epoch,
      this.codec.format,
    ]);
    const leased = reply as string | null;
    return leased === null ? null : (this.codec.decode(leased, epoch) ?? { leased, epoch });
  }

  /**
   * Caches an entry that was read under a lease.
   * @returns false if the lease has ended: the entry may be outdated.
   */
  async fill(userId: string, entry: Entry, { leased, epoch }: Lease): Promise<boolean> {
    const filled = `${epoch}:${entry.version}:${this.codec.encode(entry)}`;
    const reply = await this.fillScript(this.keysOf(userId).slice(0, 2), [
      this.kind,
      leased,
      filled,
      this.jitteredTtlMs(),
    ]);
    return reply === 1;
  }

  /**
   * Sets a fence: older versions are neither read nor cached from now on, and older content is dropped.
   * @returns false if Redis has this or a newer version.
   */
  async fence(userId: string, version: number): Promise<boolean> {
    const args = [this.kind, version, this.options.ttlSeconds * 1000];
    return (await this.fenceScript(this.keysOf(userId), args)) === 1;
  }

  /** Drops the content and keeps its version as a fence. */
  async clear(userId: string): Promise<void> {
    await this.clearScript(this.keysOf(userId).slice(0, 2), [this.kind]);
  }

  /** The entry, and the statistics and the checkpoint of its partition. */
  private keysOf(userId: string): string[] {
    const { keys } = this.redis;
    const partition = keys.partitionOf(userId);
    return [this.keyOf(userId), keys.statistics(partition), keys.checkpoint(partition)];
  }

  private jitteredTtlMs(): number {
    return Math.round(this.options.ttlSeconds * 1000 * (1 - Math.random() * TTL_JITTER));
  }
}
