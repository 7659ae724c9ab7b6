import { Injectable, Logger } from '@nestjs/common';
import { RedisClient } from '#libs/redis';
import { epochsOf, parseCheckpoint, positionOf, type Checkpoint } from './checkpoint';
import { CheckpointStore } from './checkpoint.store';
import { Outbox } from './outbox';
import { OutboxApplier } from './outbox-applier';
import { PartitionsInSync } from './partitions-in-sync';
import { SyncLeases } from './sync-leases';

/** A partition that is not in sync, and the text of its checkpoint. */
interface Lost {
  partition: number;
  term: number;
  text: string | null;
}

/** Brings partitions of Redis in sync that were unavailable, or have lost data, and acquires their leases. */
@Injectable()
export class CatchUp {
  private readonly logger = new Logger('Synchroniser');

  constructor(
    private readonly redis: RedisClient,
    private readonly outbox: Outbox,
    private readonly applier: OutboxApplier,
    private readonly store: CheckpointStore,
    private readonly leases: SyncLeases,
    private readonly partitions: PartitionsInSync,
  ) {}

  /**
   * Replays the missing entries to partitions that may be stale, or begins an epoch, which voids older data.
   * @returns whether it is to be repeated immediately.
   */
  async step(signal: AbortSignal): Promise<boolean> {
    const lost = await this.lost();
    let isAgain = false;
    // The partitions of one server usually have the same checkpoint.
    for (const group of groupByPosition(lost)) {
      const beganMs = performance.now();
      const caughtUp =
        (await this.replay(group, beganMs, signal)) || (await this.beginEpoch(group, beganMs));
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
        this.partitions.failed(partition, error);
        return null;
      }
    });
    return (await Promise.all(found)).filter((one) => one !== null);
  }

  /** @returns false if a checkpoint in Redis cannot be replayed from, or has changed meanwhile. */
  private async replay(
    group: readonly Lost[],
    beganMs: number,
    signal: AbortSignal,
  ): Promise<boolean> {
    const checkpoints = group.flatMap(({ text }) => parseCheckpoint(text) ?? []);
    const [from] = checkpoints;
    if (!from) {
      return false;
    }
    const partitions = new Set(group.map(({ partition }) => partition));
    const end = await this.applier.poll(from, {
      partitions,
      epochs: epochsOf(checkpoints),
      onFailure: (partition, error) => this.partitions.failed(partition, error),
      signal,
    });
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
          // The server may have been replaced since the replay: its successor must not get the checkpoint.
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
          this.partitions.advance(partition, checkpoint);
          epochs.add(checkpoint.epoch);
          acquired += 1;
        } catch (error) {
          this.partitions.failed(one.partition, error);
        }
        return true;
      }),
    );
    if (acquired > 0) {
      this.logger.log(`${this.leases.subject(acquired)} in sync, epoch ${[...epochs].join(', ')}`);
    }
    return outcomes.every(Boolean);
  }
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
