import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import { RedisClient, type RedisScript } from '#libs/redis';
import { formatPosition, type Position } from './position';
import { syncKeys } from './sync.keys';

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

  /** @returns false when the position is no longer what was `read`. One round trip. */
  async begin(read: string | null, position: Position): Promise<boolean> {
    const args = [read ?? '', formatPosition(position)];
    return (await this.beginScript([syncKeys.position], args)) === 1;
  }

  /**
   * Moves on from where the changes were applied from. One round trip.
   * @returns how many revocations wait to be recorded; null when this is not the Redis, or not the
   * data, that they were applied to.
   */
  async advance(from: Position, to: Omit<Position, 'era'>): Promise<number | null> {
    const reply = await this.advanceScript(
      [syncKeys.position, syncKeys.unrecorded],
      [from.era, from.transactionId, from.recordedAtMs, to.transactionId, to.recordedAtMs],
    );
    const [advanced, unrecorded = 0] = reply as [number, number?];
    return advanced === 1 ? unrecorded : null;
  }
}
