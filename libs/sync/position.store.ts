import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import { RedisClient, type RedisScript } from '#libs/redis';
import { formatPosition, type Position } from './position';
import { syncKeys } from './sync.keys';

/** A position that was noted. */
export interface NotedPosition {
  /** By the clock of the Redis server, when it was noted; milliseconds since the Unix epoch. */
  redisNowMs: number;
}

/** How far Redis is complete, kept in Redis itself: data that goes back takes it along. */
@Injectable()
export class PositionStore {
  private readonly beginScript: RedisScript;
  private readonly advanceScript: RedisScript;

  constructor(private readonly redis: RedisClient) {
    const load = (name: string) => redis.script(join(__dirname, 'scripts', `${name}.lua`));
    this.beginScript = load('begin-era');
    this.advanceScript = load('advance-position');
  }

  /** The value as it stands, or null. One round trip. */
  async read(): Promise<string | null> {
    return this.redis.get(syncKeys.position);
  }

  /** @returns null when the position is no longer what was `read`. One round trip. */
  async begin(read: string | null, position: Position): Promise<NotedPosition | null> {
    const args = [read ?? '', formatPosition(position)];
    const reply = await this.beginScript([syncKeys.position], args);
    const [begun, redisNowMs = 0] = reply as [number, number?];
    return begun === 1 ? { redisNowMs } : null;
  }

  /**
   * Moves on from where the changes were applied from. One round trip.
   * @returns null when this is not the Redis, or not the data, that they were applied to.
   */
  async advance(from: Position, to: Omit<Position, 'era'>): Promise<NotedPosition | null> {
    const reply = await this.advanceScript(
      [syncKeys.position],
      [from.era, from.snapshot, from.recordedAtMs, to.snapshot, to.recordedAtMs],
    );
    const [advanced, redisNowMs = 0] = reply as [number, number?];
    return advanced === 1 ? { redisNowMs } : null;
  }
}
