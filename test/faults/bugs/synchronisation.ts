import { Injectable } from '@nestjs/common';
import { Synchroniser, RedisTrust, RedisUpdates, type HeldLease } from '../../../libs/sync';

/** Once believed, Redis is believed for ever. */
@Injectable()
export class BlindTrust extends RedisTrust {
  private last: HeldLease | null = null;

  override gain(...lease: Parameters<RedisTrust['gain']>): boolean {
    const gained = super.gain(...lease);
    const held = super.lease();
    this.last = held ? endless(held) : this.last;
    return gained;
  }

  override lease(): HeldLease | null {
    return this.last;
  }
}

/** Writes to Redis by a lease that it held once, however long ago. */
@Injectable()
export class EndlessWrites extends RedisTrust {
  override lease(): HeldLease | null {
    const held = super.lease();
    return held && endless(held);
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

function endless(lease: HeldLease): HeldLease {
  return { ...lease, writeUntilMs: Number.MAX_SAFE_INTEGER };
}
