import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { Inject, Injectable } from '@nestjs/common';
import { RedisClient, type RedisScript } from '#libs/redis';
import { STATISTICS_KEY } from '#libs/statistics';
import { syncKeys } from '#libs/sync';
import { CACHE_DEFINITION, type CacheDefinition, type Versioned } from './cache-definition';
import { CacheOptions } from './cache.options';
import { EntryCodec } from './entry-codec';

const TTL_JITTER = 0.1;
/** Longer than a read of the record may take. */
const LEASE_MS = 10_000;

/** `unchanged`: this or a newer version stands there. */
export type PublishOutcome = 'stored' | 'fenced' | 'unchanged';

const PUBLISH_OUTCOMES: Record<number, PublishOutcome> = { 1: 'stored', 2: 'fenced' };

/** The right to cache what is read from now on, while nothing else happens to the entry. */
export interface Lease {
  /** The entry as it stands. */
  leased: string;
  epoch: string;
}

/**
 * The entries of one cache in Redis. Each operation is one script, atomic, one round trip. All methods throw
 * DependencyUnavailableError when Redis is away.
 */
@Injectable()
export class RedisEntryStore<Entry extends Versioned> {
  readonly codec: EntryCodec<Entry>;
  /** What the scripts count content as; empty: not at all. */
  private readonly kind: string;
  private readonly leaseScript: RedisScript;
  private readonly fillScript: RedisScript;
  private readonly publishScript: RedisScript;
  private readonly clearScript: RedisScript;

  constructor(
    redis: RedisClient,
    @Inject(CACHE_DEFINITION) private readonly definition: CacheDefinition<Entry>,
    private readonly options: CacheOptions,
  ) {
    const load = (name: string) => redis.script(join(__dirname, 'scripts', `${name}.lua`));
    this.codec = new EntryCodec(definition);
    this.kind = definition.countedAs ?? '';
    redis.tryKey(this.keyOf('probe'), 'string');
    this.leaseScript = load('lease-entry');
    this.fillScript = load('fill-entry');
    this.publishScript = load('publish-entry');
    this.clearScript = load('clear-entry');
  }

  /**
   * String: `epoch:version:content`; without content a fence, which refuses anything older; with a lease in its place,
   * what a reader of the record may fill. TTL: the entry's.
   */
  keyOf(userId: string): string {
    return `user:${this.definition.name}:{${userId}}`;
  }

  /**
   * To be called before the record is read.
   * @param epoch in which Redis is in sync.
   * @returns an entry where content was stored meanwhile; null in another epoch.
   */
  async lease(userId: string, epoch: string): Promise<Lease | Entry | null> {
    const reply = await this.leaseScript(
      [this.keyOf(userId), STATISTICS_KEY, syncKeys.checkpoint],
      [this.kind, randomUUID(), LEASE_MS, epoch, this.codec.format],
    );
    const leased = reply as string | null;
    return leased === null ? null : (this.codec.decode(leased, epoch) ?? { leased, epoch });
  }

  /**
   * Caches an entry that was read under a lease.
   * @returns false when the lease no longer stands: the entry may be out of date.
   */
  async fill(userId: string, entry: Entry, { leased, epoch }: Lease): Promise<boolean> {
    const filled = `${epoch}:${entry.version}:${this.codec.encode(entry)}`;
    const reply = await this.fillScript(
      [this.keyOf(userId), STATISTICS_KEY],
      [this.kind, leased, filled, this.jitteredTtlMs()],
    );
    return reply === 1;
  }

  /**
   * Records that Postgres has a new version. Its content is cached where the version before it stands; where
   * anything else stands, or nothing, only a fence is set.
   * @param epoch in which Redis was in sync before the version was recorded; null: it was not.
   */
  async publish(userId: string, entry: Entry, epoch: string | null): Promise<PublishOutcome> {
    const content = this.codec.encode(entry);
    return this.runPublish(userId, [entry.version, content, this.jitteredTtlMs(), epoch ?? '']);
  }

  /** Refuses to read or cache anything older than a version, and drops older content. */
  async fence(userId: string, version: number): Promise<PublishOutcome> {
    return this.runPublish(userId, [version, '', this.options.ttlSeconds * 1000, '']);
  }

  /** Drops the content and keeps its version as a fence. */
  async clear(userId: string): Promise<void> {
    await this.clearScript([this.keyOf(userId), STATISTICS_KEY], [this.kind]);
  }

  private async runPublish(userId: string, args: (string | number)[]): Promise<PublishOutcome> {
    const keys = [this.keyOf(userId), STATISTICS_KEY, syncKeys.checkpoint];
    const reply = await this.publishScript(keys, [this.kind, ...args]);
    return PUBLISH_OUTCOMES[reply as number] ?? 'unchanged';
  }

  private jitteredTtlMs(): number {
    return Math.round(this.options.ttlSeconds * 1000 * (1 - Math.random() * TTL_JITTER));
  }
}
