import { Injectable, Logger } from '@nestjs/common';
import { InternalError } from '#libs/common';
import { RedisClient } from '#libs/redis';
import { SyncLease } from './sync-lease';
import { SyncTimings } from './sync-timings';

/** The leases of this instance, one for each partition of Redis: a single server has one. */
@Injectable()
export class SyncLeases {
  private readonly logger = new Logger('SyncLease');
  private readonly leases: readonly SyncLease[];
  private readonly unsaid = new Map<string, number>();

  constructor(
    private readonly redis: RedisClient,
    timings: SyncTimings,
  ) {
    this.leases = redis.keys.allPartitions().map(() => this.newLease(timings));
  }

  protected newLease(timings: SyncTimings): SyncLease {
    return new SyncLease(timings);
  }

  /** The lease of the user's partition. */
  of(userId: string): SyncLease {
    return this.at(this.redis.keys.partitionOf(userId));
  }

  at(partition: number): SyncLease {
    const lease = this.leases[partition];
    if (!lease) {
      throw new InternalError(`no partition has the number ${partition}`);
    }
    return lease;
  }

  /** @param listener called with the partition at each revocation of its lease, even if it was not held. */
  onRevoked(listener: (partition: number) => void): void {
    this.leases.forEach((lease, partition) => lease.onRevoked(() => listener(partition)));
  }

  /** The partitions that are in sync. */
  heldPartitions(): number[] {
    return this.leases.flatMap((lease, partition) =>
      lease.heldEpoch() === null ? [] : [partition],
    );
  }

  /** Whether all of Redis is in sync now. */
  areAllHeld(): boolean {
    return this.leases.every((lease) => lease.epoch() !== null);
  }

  /** Whether the last complete poll of the outbox is recent, for all of Redis: see `SyncLease.isPollFresh`. */
  areAllFresh(): boolean {
    return this.leases.every((lease) => lease.isPollFresh());
  }

  /** Resolves once all leases are held. Never rejects. */
  async allAcquired(): Promise<void> {
    await Promise.all(this.leases.map((lease) => lease.acquired()));
  }

  /**
   * Revokes the leases of partitions.
   * @param level `log` if the outage that causes it has a warning of its own.
   */
  revoke(partitions: readonly number[], reason: string, level: 'warn' | 'log' = 'warn'): void {
    const revoked = partitions.filter((partition) => this.at(partition).revoke());
    if (revoked.length > 0) {
      this.say(level, reason, revoked.length);
    }
  }

  /**
   * For committed changes of users that could not be written to Redis: see `SyncLease.waitUntilConsistent`. At most the
   * lease, 1 s.
   */
  async waitUntilConsistent(userIds: readonly string[]): Promise<void> {
    const leases = new Set(userIds.map((userId) => this.of(userId)));
    if ([...leases].some((lease) => lease.heldEpoch() !== null)) {
      this.say('log', 'it lacks a committed change', leases.size);
    }
    await Promise.all([...leases].map((lease) => lease.waitUntilConsistent()));
  }

  /** `Redis is`, or how much of it. */
  subject(count: number): string {
    const total = this.leases.length;
    return total === 1 ? 'Redis is' : `Redis: ${count} of ${total} partitions are`;
  }

  /** One line for all partitions that become stale in the same turn for the same reason. */
  private say(level: 'warn' | 'log', reason: string, count: number): void {
    const key = `${level} ${reason}`;
    const said = this.unsaid.get(key);
    this.unsaid.set(key, (said ?? 0) + count);
    if (said === undefined) {
      setImmediate(() => {
        const total = this.unsaid.get(key) ?? 0;
        this.unsaid.delete(key);
        this.logger[level](`${this.subject(total)} stale: ${reason}; Postgres answers`);
      });
    }
  }
}
