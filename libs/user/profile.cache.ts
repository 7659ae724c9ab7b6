import { Injectable } from '@nestjs/common';
import { CacheDependencies, VersionedCache, type CacheDefinition } from '#libs/cache';
import { CACHED_PROFILES } from '#libs/statistics';
import type { VersionedProfile } from './profile';
import { UserStore } from './user.store';

/** The cached profiles in Redis. */
@Injectable()
export class ProfileCache extends VersionedCache<VersionedProfile> {
  static readonly definition = {
    name: 'profile',
    title: 'Profiles',
    allowed: {
      profile: ['id', 'email', 'displayName', 'bio', 'avatarUrl', 'role', 'createdAt', 'updatedAt'],
    },
    format: '1',
    countedAs: CACHED_PROFILES,
  } as const satisfies CacheDefinition<VersionedProfile>;

  constructor(
    dependencies: CacheDependencies<VersionedProfile>,
    private readonly users: UserStore,
  ) {
    super(dependencies);
  }

  protected load(userId: string): Promise<VersionedProfile | null> {
    return this.users.readProfile(userId);
  }
}
