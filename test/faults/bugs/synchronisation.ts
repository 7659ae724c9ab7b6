import { Injectable } from '@nestjs/common';
import { Synchroniser, RedisTrust, RedisUpdates } from '../../../libs/sync';

/** Once believed, Redis is believed for ever. */
@Injectable()
export class BlindTrust extends RedisTrust {
  private last: string | null = null;

  override gain(era: string, losses: number, beganMs: number): boolean {
    const gained = super.gain(era, losses, beganMs);
    this.last = this.heldEra();
    return gained;
  }

  override era(): string | null {
    return this.last;
  }
}

/** Calls a change done that Redis has not heard of, while others still believe Redis. */
@Injectable()
export class HastyUpdates extends RedisUpdates {
  override settle(): Promise<void> {
    return Promise.resolve();
  }
}

/** Reads the outbox and does nothing with what it says. */
@Injectable()
export class DeafSynchroniser extends Synchroniser {
  override onChange(): void {
    // Nobody is told.
  }
}
