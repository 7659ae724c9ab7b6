import { Injectable, Logger } from '@nestjs/common';
import { DependencyUnavailableError } from '#libs/common';
import { earliest, epochsOf, positionOf, type Checkpoint } from './checkpoint';
import { CheckpointStore } from './checkpoint.store';
import { Outbox, type OutboxEnd } from './outbox';
import { OutboxApplier, type PollOptions } from './outbox-applier';
import { OutboxFeed } from './outbox-feed';
import { PartitionsInSync, type Following } from './partitions-in-sync';
import { SyncLeases } from './sync-leases';
import { SyncTimings } from './sync-timings';

/** A poll that exceeds its timeout by more was delayed by a stall of this process, not by Postgres. Milliseconds. */
const STALL_MS = 200;

/** Polls the outbox for the feed and for the partitions that are in sync. */
@Injectable()
export class OutboxPoller {
  private readonly logger = new Logger('Synchroniser');

  constructor(
    private readonly outbox: Outbox,
    private readonly applier: OutboxApplier,
    private readonly store: CheckpointStore,
    private readonly feed: OutboxFeed,
    private readonly leases: SyncLeases,
    private readonly partitions: PartitionsInSync,
    private readonly timings: SyncTimings,
  ) {}

  /**
   * Passes new entries to the feed, applies them to the partitions in sync, and renews their leases. One query for each
   * page of entries, and one Redis round trip for each partition.
   * @returns whether it is to be repeated immediately.
   */
  async step(signal: AbortSignal): Promise<boolean> {
    const ofFeed = this.feed.position();
    const following = this.partitions.following();
    const checkpoints = following.map(({ checkpoint }) => checkpoint).concat(ofFeed ?? []);
    if (checkpoints.length === 0) {
      return false;
    }
    const beganMs = performance.now();
    const partitions = new Set(following.map(({ partition }) => partition));
    const end = await this.pollInTime(earliest(checkpoints), {
      epochs: epochsOf(checkpoints),
      partitions,
      isObserved: true,
      onFailure: (partition, error) => this.partitions.failed(partition, error),
      signal,
      onPage: (page) => {
        this.partitions.mayLackChanges = page.entries.length > 0;
        this.feed.read(page);
      },
    });
    if (end === null) {
      this.feed.reset();
      await this.giveUp([...partitions]);
      return false;
    }
    if (end) {
      this.feed.complete(end, beganMs);
      this.partitions.mayLackChanges = false;
    }
    const isStalled = performance.now() - beganMs > this.timings.outboxDeadlineMs + STALL_MS;
    // Without Postgres no instance can commit a change, as far as this process can tell; if it has stalled itself,
    // Postgres may be up and have changes.
    const isComplete = end !== undefined || (!this.partitions.mayLackChanges && !isStalled);
    const renewals = await Promise.all(
      following
        .filter(({ partition }) => partitions.has(partition))
        .map((one) => this.renew(one, end, beganMs, isComplete)),
    );
    const gapMs = Math.max(0, ...renewals);
    if (gapMs > 0) {
      this.logger.warn(`Redis was stale for ${gapMs} ms: a poll of the outbox came late`);
    }
    return end === undefined && isStalled;
  }

  /**
   * Redis is void, as after a crash of Postgres, so that all requests need the pool. That may still refuse them, though
   * Postgres has answered the poll: the leases are then left to expire, and the next poll tries again.
   */
  private async giveUp(partitions: readonly number[]): Promise<void> {
    const isPoolReady = await this.outbox.isPoolReady(this.timings.outboxDeadlineMs);
    if (
      isPoolReady ||
      partitions.every((partition) => this.leases.at(partition).epoch() === null)
    ) {
      this.partitions.lose(partitions, 'it cannot follow the outbox');
    }
  }

  /** @returns undefined if Postgres did not answer in time. */
  private async pollInTime(
    from: Omit<Checkpoint, 'epoch'>,
    options: PollOptions,
  ): Promise<OutboxEnd | null | undefined> {
    try {
      return await this.applier.poll(from, options);
    } catch (error) {
      if (error instanceof DependencyUnavailableError && error.dependency === 'postgres') {
        return undefined;
      }
      throw error;
    }
  }

  /**
   * Advances the checkpoint of a partition, and renews its lease.
   * @returns for how long the lease had expired, in milliseconds.
   */
  private async renew(
    { partition, term, checkpoint }: Following,
    end: OutboxEnd | undefined,
    beganMs: number,
    isComplete: boolean,
  ): Promise<number> {
    if (this.leases.at(partition).term() !== term) {
      // The entries went to a server that may have been replaced: its successor must not get their checkpoint.
      return 0;
    }
    const to = end ? positionOf(end) : checkpoint;
    try {
      const written = await this.store.advance(partition, checkpoint, to);
      if (written === null) {
        this.partitions.lose([partition], 'it has lost data');
        return 0;
      }
      const lease = this.leases.at(partition);
      if (!isComplete || lease.term() !== term) {
        return 0;
      }
      this.partitions.advance(partition, { ...checkpoint, ...to });
      return lease.renew(term, beganMs, written.redisNowMs, end !== undefined);
    } catch (error) {
      this.partitions.failed(partition, error);
      return 0;
    }
  }
}
