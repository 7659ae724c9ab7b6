import { setTimeout as pause } from 'node:timers/promises';
import {
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import { DependencyUnavailableError, ThrottledLog } from '#libs/common';
import { serializeError } from '#libs/log';
import { Metrics } from '#libs/metrics';
import { RedisClient } from '#libs/redis';
import { earliest, parseCheckpoint, type Checkpoint } from './checkpoint';
import { CheckpointStore } from './checkpoint.store';
import { Outbox, type OutboxEnd } from './outbox';
import { OutboxApplier, type PollOptions } from './outbox-applier';
import { OutboxFeed } from './outbox-feed';
import { SyncLeases } from './sync-leases';
import { SyncTimings } from './sync-timings';

/** A poll that exceeds its timeout by more was delayed by a stall of this process, not by Postgres. Milliseconds. */
const STALL_MS = 200;

type Position = Omit<Checkpoint, 'epoch'>;

/** A partition at one moment. */
interface Following {
  partition: number;
  /** The term of its lease. */
  term: number;
  checkpoint: Checkpoint;
}

/** A partition that is not in sync, and the text of its checkpoint. */
interface Lost {
  partition: number;
  term: number;
  text: string | null;
}

/**
 * Keeps Redis in sync with Postgres, and maintains the leases. Every 200 ms each instance polls the outbox once, applies
 * its entries to the partitions that are in sync, and advances their checkpoints. A partition that was unavailable or
 * has lost data catches up meanwhile, before its lease is acquired again; the others do not wait for it.
 */
@Injectable()
export class Synchroniser implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('Synchroniser');
  private readonly errors = new ThrottledLog((line, message) => this.logger.error(line, message));
  /** How far the partitions in sync are, as far as this process knows. */
  private readonly checkpoints = new Map<number, Checkpoint>();
  /** A poll has found changes that Redis may lack. */
  private mayLackChanges = false;
  private failedAtMs = -Infinity;
  private readonly stopping = new AbortController();
  private loops: Promise<unknown> | undefined;
  /** Ends the pause of the loop that catches up. */
  private interrupted = new AbortController();

  constructor(
    private readonly redis: RedisClient,
    private readonly outbox: Outbox,
    private readonly applier: OutboxApplier,
    private readonly store: CheckpointStore,
    private readonly feed: OutboxFeed,
    private readonly leases: SyncLeases,
    private readonly timings: SyncTimings,
    metrics: Metrics,
  ) {
    metrics.sync.watchSync(() => leases.areAllHeld(), timings.leaseMs);
  }

  onApplicationBootstrap(): void {
    this.redis.onDisconnected((partitions) =>
      this.revoke(partitions, 'it cannot be reached', 'log'),
    );
    this.redis.onConnected(() => this.wake());
    this.loops = Promise.all([this.run(() => this.keepUp()), this.run(() => this.catchUp())]);
  }

  async onModuleDestroy(): Promise<void> {
    this.stopping.abort();
    this.interrupted.abort();
    await this.loops;
  }

  /** Delayed after a failure: a Redis that refuses every command reconnects repeatedly. */
  private wake(): void {
    if (performance.now() - this.failedAtMs > this.timings.intervalMs) {
      this.interrupted.abort();
    }
  }

  /** @param step returns whether it is to be repeated immediately. */
  private async run(step: () => Promise<boolean>): Promise<void> {
    while (!this.isStopping) {
      this.interrupted = this.interrupted.signal.aborted ? new AbortController() : this.interrupted;
      const { signal } = this.interrupted;
      const beganMs = performance.now();
      if (!(await this.tryStep(step))) {
        // The interval runs from start to start: after a poll that timed out, the next one begins immediately.
        const restMs = Math.max(0, beganMs + this.timings.intervalMs - performance.now());
        await pause(restMs, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  private async tryStep(step: () => Promise<boolean>): Promise<boolean> {
    try {
      return await step();
    } catch (error) {
      if (!this.isStopping && !(error instanceof DependencyUnavailableError)) {
        this.revoke(this.leases.heldPartitions(), 'it could not catch up');
        this.errors.write({ err: serializeError(error) }, 'could not synchronise');
      }
      return false;
    }
  }

  /** Passes new entries to the feed, applies them to the partitions in sync, and renews their leases. */
  private async keepUp(): Promise<boolean> {
    const ofFeed = this.feed.position();
    const following = this.following();
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
      onPage: (page) => {
        this.mayLackChanges = page.entries.length > 0;
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
      this.mayLackChanges = false;
    }
    const isStalled = performance.now() - beganMs > this.timings.outboxDeadlineMs + STALL_MS;
    // Without Postgres no instance can commit a change, as far as this process can tell; if it has stalled itself,
    // Postgres may be up and have changes.
    const isComplete = end !== undefined || (!this.mayLackChanges && !isStalled);
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
      this.revoke(partitions, 'it cannot follow the outbox');
      this.interrupted.abort();
    }
  }

  /** @returns undefined if Postgres did not answer in time. */
  private async pollInTime(
    from: Position,
    options: Omit<PollOptions, 'onFailure' | 'signal'>,
  ): Promise<OutboxEnd | null | undefined> {
    try {
      return await this.poll(from, options);
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
        this.revoke([partition], 'it has lost data');
        this.interrupted.abort();
        return 0;
      }
      const lease = this.leases.at(partition);
      if (!isComplete || lease.term() !== term) {
        return 0;
      }
      this.checkpoints.set(partition, { ...checkpoint, ...to });
      return lease.renew(term, beganMs, written.redisNowMs, end !== undefined);
    } catch (error) {
      this.failed(partition, error);
      return 0;
    }
  }

  /** Replays the missing entries to partitions that may be stale, or begins an epoch, which voids older data. */
  private async catchUp(): Promise<boolean> {
    const lost = await this.lost();
    let isAgain = false;
    // The partitions of one server usually have the same checkpoint.
    for (const group of groupByPosition(lost)) {
      const beganMs = performance.now();
      const caughtUp =
        (await this.replay(group, beganMs)) || (await this.beginEpoch(group, beganMs));
      isAgain ||= !caughtUp;
    }
    return isAgain;
  }

  /** The partitions whose lease is not held, and whose server answers. */
  private async lost(): Promise<Lost[]> {
    const found = this.redis.keys.allPartitions().map(async (partition): Promise<Lost | null> => {
      const lease = this.leases.at(partition);
      if (lease.heldEpoch() !== null || !this.redis.isUsable(partition)) {
        return null;
      }
      const term = lease.term();
      try {
        return { partition, term, text: await this.store.read(partition) };
      } catch (error) {
        this.failed(partition, error);
        return null;
      }
    });
    return (await Promise.all(found)).filter((one) => one !== null);
  }

  /** @returns false if a checkpoint in Redis cannot be replayed from, or has changed meanwhile. */
  private async replay(group: readonly Lost[], beganMs: number): Promise<boolean> {
    const checkpoints = group.flatMap(({ text }) => parseCheckpoint(text) ?? []);
    const [from] = checkpoints;
    if (!from) {
      return false;
    }
    const partitions = new Set(group.map(({ partition }) => partition));
    const end = await this.poll(from, { partitions, epochs: epochsOf(checkpoints) });
    if (!end) {
      return false;
    }
    const to = positionOf(end);
    return this.acquire(
      group.filter(({ partition }) => partitions.has(partition)),
      beganMs,
      async ({ partition, text }) => {
        const own = parseCheckpoint(text) ?? from;
        const written = await this.store.advance(partition, own, to);
        return written && { checkpoint: { ...to, epoch: own.epoch }, ...written };
      },
    );
  }

  /** @returns false if another instance has begun an epoch meanwhile. */
  private async beginEpoch(group: readonly Lost[], beganMs: number): Promise<boolean> {
    const checkpoint = await this.outbox.beginEpoch();
    return this.acquire(group, beganMs, async ({ partition, text }) => {
      const written = await this.store.begin(partition, text, checkpoint);
      return written && { checkpoint, ...written };
    });
  }

  /**
   * Acquires the leases of partitions that have caught up.
   * @param write writes the checkpoint of a partition; null if another instance has changed it.
   * @returns false if that was so for one of them.
   */
  private async acquire(
    group: readonly Lost[],
    beganMs: number,
    write: (lost: Lost) => Promise<{ checkpoint: Checkpoint; redisNowMs: number } | null>,
  ): Promise<boolean> {
    const epochs = new Set<string>();
    let acquired = 0;
    const outcomes = await Promise.all(
      group.map(async (one) => {
        if (this.leases.at(one.partition).term() !== one.term) {
          // As in `renew`: the server may have been replaced since the replay.
          return false;
        }
        try {
          const written = await write(one);
          if (written === null) {
            return false;
          }
          const { checkpoint, redisNowMs } = written;
          const { partition, term } = one;
          if (!this.leases.at(partition).acquire(checkpoint.epoch, term, beganMs, redisNowMs)) {
            return false;
          }
          this.checkpoints.set(partition, checkpoint);
          epochs.add(checkpoint.epoch);
          acquired += 1;
        } catch (error) {
          this.failed(one.partition, error);
        }
        return true;
      }),
    );
    if (acquired > 0) {
      this.logger.log(`${this.leases.subject(acquired)} in sync, epoch ${[...epochs].join(', ')}`);
    }
    return outcomes.every(Boolean);
  }

  private poll(
    from: Position,
    options: Omit<PollOptions, 'onFailure' | 'signal'>,
  ): Promise<OutboxEnd | null> {
    return this.applier.poll(from, {
      ...options,
      onFailure: (partition, error) => this.failed(partition, error),
      signal: this.stopping.signal,
    });
  }

  private following(): Following[] {
    return this.leases.heldPartitions().flatMap((partition) => {
      const checkpoint = this.checkpoints.get(partition);
      const term = this.leases.at(partition).term();
      return checkpoint ? [{ partition, term, checkpoint }] : [];
    });
  }

  /** A command of a partition has failed. */
  private failed(partition: number, error: unknown): void {
    if (this.isStopping) {
      return;
    }
    this.failedAtMs = performance.now();
    const isUnavailable = error instanceof DependencyUnavailableError;
    if (isUnavailable) {
      this.revoke([partition], 'it does not answer', 'log');
    } else {
      this.revoke([partition], 'it could not catch up');
      this.errors.write({ err: serializeError(error) }, 'could not synchronise');
    }
  }

  private revoke(
    partitions: readonly number[],
    reason: string,
    level: 'warn' | 'log' = 'warn',
  ): void {
    partitions.forEach((partition) => this.checkpoints.delete(partition));
    this.leases.revoke(partitions, reason, level);
    if (this.checkpoints.size === 0) {
      this.mayLackChanges = false;
    }
  }

  private get isStopping(): boolean {
    return this.stopping.signal.aborted;
  }
}

function positionOf({ snapshot, nowMs }: OutboxEnd): Position {
  return { snapshot, recordedAtMs: String(nowMs) };
}

function epochsOf(checkpoints: readonly Checkpoint[]): string[] {
  return [...new Set(checkpoints.map(({ epoch }) => epoch))];
}

/** Partitions that can be replayed by the same poll. */
function groupByPosition(lost: readonly Lost[]): Lost[][] {
  const groups = new Map<string | undefined, Lost[]>();
  for (const one of lost) {
    const snapshot = parseCheckpoint(one.text)?.snapshot;
    groups.set(snapshot, [...(groups.get(snapshot) ?? []), one]);
  }
  return [...groups.values()];
}
