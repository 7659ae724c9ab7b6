import { Injectable } from '@nestjs/common';
import { NearCache } from '../../../libs/session/verify/near-cache/near-cache';

/** Keeps changed sessions. */
@Injectable()
export class StaleNearCache extends NearCache {
  protected override invalidate(): void {
    // Nothing is dropped.
  }
}

/** Uses its entries, though the outbox was not read in time. */
@Injectable()
export class OverconfidentNearCache extends NearCache {
  override isOpen(): boolean {
    return true;
  }

  protected override invalidatePartition(): void {
    // Nothing is dropped.
  }
}
