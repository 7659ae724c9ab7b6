import { crc32 } from 'node:zlib';

/** Partitions of a Redis Cluster. Fixed: another number would move users to other keys. */
const CLUSTER_PARTITIONS = 64;

const INDEX = 'user:tokens:';
/** The hash tag of a key on a Cluster. */
const TAG = /\{(\d+)\}/;

/**
 * All keys of the product in Redis, and the only place that builds one. The braces are the hash tag of Redis Cluster:
 * keys with the same tag share a slot, so that one script may use them together.
 *
 * On a single server the tag is the user id, and there is one partition: all users, their counters and the checkpoint.
 * On a Cluster the tag is the number of the user's partition, `{0}` to `{63}`, so that the counters and the checkpoint
 * of its users share their slot. No other code knows which layout is used.
 */
export class RedisKeys {
  private constructor(
    /** Number of partitions. */
    readonly partitions: number,
  ) {}

  /** The keys on a single server. */
  static readonly single = new RedisKeys(1);
  /** The keys on a Redis Cluster. */
  static readonly cluster = new RedisKeys(CLUSTER_PARTITIONS);

  /** The partition of a user: CRC-32 of the user id, modulo the number of partitions. */
  partitionOf(userId: string): number {
    return this.partitions === 1 ? 0 : crc32(userId) % this.partitions;
  }

  /** The items of each partition, in their order. */
  byPartition<T>(items: readonly T[], userIdOf: (item: T) => string): Map<number, T[]> {
    const parts = new Map<number, T[]>();
    for (const item of items) {
      const partition = this.partitionOf(userIdOf(item));
      const part = parts.get(partition);
      if (part) {
        part.push(item);
      } else {
        parts.set(partition, [item]);
      }
    }
    return parts;
  }

  /** The numbers of all partitions. */
  allPartitions(): number[] {
    return Array.from({ length: this.partitions }, (_, partition) => partition);
  }

  /**
   * Hash: session id, the 16 bytes of the UUID, to its entry (libs/session/store/session-entry.ts); and the field `#`
   * with `epoch|generation`: the epoch in which the hash was written, and the user's generation in Redis. TTL: its
   * longest session; after a revoke-all one session TTL, so that no older session can return.
   */
  sessions(userId: string): string {
    return this.ofUser('session:', userId);
  }

  /** Sorted set: session id, its bytes, scored by expiry, Unix time in s. TTL: its longest session. */
  index(userId: string): string {
    return this.ofUser(INDEX, userId);
  }

  /** String `1`: the tombstone of a revoked session. TTL: the remaining lifetime of its tokens. */
  tombstone(userId: string, sessionId: string): string {
    return `${this.ofUser('blacklist:', userId)}:${sessionId}`;
  }

  /** String: the entry of a user in a cache, see `RedisEntryStore`. */
  cached(cache: string, userId: string): string {
    return this.ofUser(`user:${cache}:`, userId);
  }

  /**
   * String `epoch|snapshot|recordedAtMs`: the snapshot of Postgres up to which the partition is complete. No TTL. A
   * partition without it, or with that of another epoch, is not in sync.
   */
  checkpoint(partition: number): string {
    return this.ofPartition('checkpoint', partition);
  }

  /**
   * Hash: numbers of sessions, cached profiles and tombstones of the partition, and how many of them expire in each
   * minute (libs/statistics/scripts/count.lua). No TTL. The next reader drops buckets of past minutes, so the size
   * depends on the longest lifetime in minutes and not on the number of sessions.
   */
  statistics(partition: number): string {
    return this.ofPartition('statistics', partition);
  }

  /**
   * String: a counter or a mark of the rate limits. All belong to the first partition, because one attempt counts for
   * an account and for addresses at once.
   * @param counter its name and a hash of what is counted, see `counterName`.
   */
  limit(counter: string): string {
    return this.partitions === 1 ? `latchkey:limit:${counter}` : `latchkey:limit:{0}:${counter}`;
  }

  /** A key that no other code uses, to test whether the server works. */
  probe(name: string): string {
    return this.partitions === 1 ? `latchkey:probe:${name}` : `latchkey:probe:{0}:${name}`;
  }

  /** The key with another partition as its tag; the same key on a single server. */
  inPartition(key: string, partition: number): string {
    return this.partitions === 1 ? key : key.replace(TAG, `{${partition}}`);
  }

  /** The partition of a key that this class has built. */
  partitionOfKey(key: string): number {
    return this.partitions === 1 ? 0 : Number(TAG.exec(key)?.[1] ?? 0);
  }

  /** Matches every key of `index`. */
  readonly indexPattern = `${INDEX}{*`;

  /** The user of a key of `index`. */
  userOfIndex(key: string): string {
    return this.partitions === 1
      ? key.slice(INDEX.length + 1, -1)
      : key.slice(key.indexOf('}:') + 2);
  }

  private ofUser(prefix: string, userId: string): string {
    return this.partitions === 1
      ? `${prefix}{${userId}}`
      : `${prefix}{${this.partitionOf(userId)}}:${userId}`;
  }

  private ofPartition(name: string, partition: number): string {
    return this.partitions === 1 ? `latchkey:${name}` : `latchkey:${name}:{${partition}}`;
  }
}
