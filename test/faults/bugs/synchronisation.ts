import { Injectable } from '@nestjs/common';
import { Synchroniser, SyncLease, WriteThrough, type HeldLease } from '../../../libs/sync';

/** Never loses an acquired lease. */
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

/** Writes to Redis with a lease that has ended. */
@Injectable()
export class EndlessWrites extends SyncLease {
  override current(): HeldLease | null {
    const held = super.current();
    return held && endless(held);
  }
}

/** Reports a change as done that Redis lacks, while other instances go by Redis. */
@Injectable()
export class HastyUpdates extends WriteThrough {
  override waitUntilConsistent(): Promise<void> {
    return Promise.resolve();
  }
}

/** Reads the outbox and applies no entry. */
@Injectable()
export class DeafSynchroniser extends Synchroniser {
  override onChange(): void {
    // No listener is kept.
  }
}

function endless(lease: HeldLease): HeldLease {
  return { ...lease, writeUntilMs: Number.MAX_SAFE_INTEGER };
}
