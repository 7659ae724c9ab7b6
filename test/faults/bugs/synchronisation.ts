import { Injectable } from '@nestjs/common';
import {
  OutboxApplier,
  SyncLease,
  SyncLeases,
  WriteThrough,
  type HeldLease,
  type SyncTimings,
} from '../../../libs/sync';

class EndlessLease extends SyncLease {
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

class WritableLease extends SyncLease {
  override current(): HeldLease | null {
    const held = super.current();
    return held && endless(held);
  }
}

/** Never loses an acquired lease. */
@Injectable()
export class EndlessLeases extends SyncLeases {
  protected override newLease(timings: SyncTimings): SyncLease {
    return new EndlessLease(timings);
  }
}

/** Writes to Redis with a lease that has ended. */
@Injectable()
export class EndlessWrites extends SyncLeases {
  protected override newLease(timings: SyncTimings): SyncLease {
    return new WritableLease(timings);
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
export class DeafApplier extends OutboxApplier {
  override onChange(): void {
    // No listener is kept.
  }
}

function endless(lease: HeldLease): HeldLease {
  return { ...lease, writeUntilMs: Number.MAX_SAFE_INTEGER };
}
