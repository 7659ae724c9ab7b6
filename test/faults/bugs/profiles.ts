import { Injectable } from '@nestjs/common';
import { RedisProfileStore } from '../../../libs/profile-cache/redis-profile.store';
import type { VersionedProfile } from '../../../libs/profile-cache';
import type { Lease } from '../../../libs/profile-cache/redis-profile.store';

/** Caches what was read, whatever has become of the lease meanwhile. */
@Injectable()
export class UnfencedFills extends RedisProfileStore {
  override async fill(read: VersionedProfile, { epoch }: Lease): Promise<boolean> {
    await this.clear(read.profile.id);
    const now = await this.lease(read.profile.id, epoch);
    return now !== null && !('profile' in now) && super.fill(read, now);
  }
}
