import { Injectable } from '@nestjs/common';
import type { Versioned } from '../../../libs/cache';
import { RedisEntryStore, type Lease } from '../../../libs/cache/redis-entry.store';

/** Caches every profile that it reads, also when its lease has ended. */
@Injectable()
export class UnfencedFills<Entry extends Versioned> extends RedisEntryStore<Entry> {
  override async fill(userId: string, read: Entry, { epoch }: Lease): Promise<boolean> {
    await this.clear(userId);
    const now = await this.lease(userId, epoch);
    return now !== null && 'leased' in now && super.fill(userId, read, now);
  }
}
