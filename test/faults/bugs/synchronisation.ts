import { Injectable } from '@nestjs/common';
import { Synchroniser, SyncLease, WriteThrough, type HeldLease } from '../../../libs/sync';

/** Once acquired, the lease is held for ever. */
@Injectable()
export class EndlessLease extends SyncLease {
  private last: HeldLease | null = null;

  override acquire(...lease: Parameters<SyncLease['acquire']>): boolean {
    const isAcquired = super.acquire(...lease);
    const held = super.current();
    this.last = held ? endless(held) : this.last;
    return isAcquired;
  }

  override current(): HeldLease | null {
    return this.last;
  }
}

/** Writes to Redis by a lease that it held once, however long ago. */
@Injectable()
export class EndlessWrites extends SyncLease {
  override current(): HeldLease | null {
    const held = super.current();
    return held && endless(held);
  }
}

/** Calls a change done that Redis lacks, while other instances go by Redis. */
@Injectable()
export class HastyUpdates extends WriteThrough {
  override waitUntilConsistent(): Promise<void> {
    return Promise.resolve();
  }
}

/** Reads the outbox and does nothing with what it says. */
@Injectable()
export class DeafSynchroniser extends Synchroniser {
  override onChange(): void {
    // No listener is kept.
  }
}

function endless(lease: HeldLease): HeldLease {
  return { ...lease, writeUntilMs: Number.MAX_SAFE_INTEGER };
}
