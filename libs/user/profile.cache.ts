import { Injectable } from '@nestjs/common';
import { VersionedCache, type CacheDefinition } from '#libs/cache';
import { CACHED_PROFILES } from '#libs/statistics';
import type { VersionedProfile } from './profile';
import { UserStore } from './user.store';

/** The cached profiles in Redis. */
@Injectable()
export class ProfileCache extends VersionedCache<VersionedProfile> {
  static readonly definition = {
    name: 'profile',
    allowed: {
      profile: ['id', 'email', 'displayName', 'bio', 'avatarUrl', 'role', 'createdAt', 'updatedAt'],
    },
    format: '1',
    countedAs: CACHED_PROFILES,
  } as const satisfies CacheDefinition<VersionedProfile>;

  constructor(private readonly users: UserStore) {
    super();
  }

  protected load(userId: string): Promise<VersionedProfile | null> {
    return this.users.readProfile(userId);
  }
}
