import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import { RedisClient, type RedisScript } from '#libs/redis';
import { formatCheckpoint, type Checkpoint } from './checkpoint';

/** A checkpoint that was written. */
export interface WrittenCheckpoint {
  /** By the clock of the Redis server; Unix time in ms. */
  redisNowMs: number;
}

/**
 * How far the outbox has been applied to each partition of Redis. Kept in the partition itself: if its data goes back,
 * so does the checkpoint.
 */
@Injectable()
export class CheckpointStore {
  private readonly beginScript: RedisScript;
  private readonly advanceScript: RedisScript;

  constructor(private readonly redis: RedisClient) {
    const load = (name: string) => redis.script(join(__dirname, 'scripts', `${name}.lua`));
    this.beginScript = load('begin-epoch');
    this.advanceScript = load('advance-checkpoint');
  }

  /** The current value, or null. One round trip. */
  async read(partition: number): Promise<string | null> {
    return this.redis.get(this.redis.keys.checkpoint(partition));
  }

  /** @returns null if the checkpoint has changed since `read`. One round trip. */
  async begin(
    partition: number,
    read: string | null,
    checkpoint: Checkpoint,
  ): Promise<WrittenCheckpoint | null> {
    const args = [read ?? '', formatCheckpoint(checkpoint)];
    const reply = await this.beginScript([this.redis.keys.checkpoint(partition)], args);
    const [begun, redisNowMs = 0] = reply as [number, number?];
    return begun === 1 ? { redisNowMs } : null;
  }

  /**
   * Advances the checkpoint from the one that the changes were applied after. One round trip.
   * @returns null if Redis has another checkpoint: it is another server or has other data.
   */
  async advance(
    partition: number,
    from: Checkpoint,
    to: Omit<Checkpoint, 'epoch'>,
  ): Promise<WrittenCheckpoint | null> {
    const reply = await this.advanceScript(
      [this.redis.keys.checkpoint(partition)],
      [from.epoch, from.snapshot, from.recordedAtMs, to.snapshot, to.recordedAtMs],
    );
    const [advanced, redisNowMs = 0] = reply as [number, number?];
    return advanced === 1 ? { redisNowMs } : null;
  }
}
