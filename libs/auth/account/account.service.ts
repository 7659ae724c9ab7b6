import { Injectable } from '@nestjs/common';
import { UserCaches, type CachedRead } from '#libs/cache';
import { SessionRevokedError } from '#libs/session';
import { ProfileCache, UserStore, type ProfileChange, type VersionedProfile } from '#libs/user';
import { ProfileChangedError } from '../auth.errors';

/** A profile, and whether the cache had it. */
export type ProfileRead = CachedRead<VersionedProfile>;

/** The user's own profile. All methods throw DependencyUnavailableError. */
@Injectable()
export class AccountService {
  constructor(
    private readonly users: UserStore,
    private readonly profiles: ProfileCache,
    private readonly caches: UserCaches,
  ) {}

  /**
   * @param cachedProfile from the verification of the session.
   * @throws SessionRevokedError if the account is deleted.
   */
  profile(userId: string, cachedProfile: string | null): ProfileRead | Promise<ProfileRead> {
    return this.profiles.hit(userId, cachedProfile) ?? this.readProfile(userId);
  }

  /**
   * Changes the profile: Postgres first, then the caches. Once it is answered, no instance returns an older profile.
   * @param versions the versions to change; absent: any.
   * @throws SessionRevokedError if the account is deleted; ProfileChangedError if the profile is at another version.
   */
  async updateProfile(
    userId: string,
    change: ProfileChange,
    versions?: readonly number[],
  ): Promise<VersionedProfile> {
    const updated = await this.caches.change(userId, async () => {
      const written = await this.users.updateProfile(userId, change, versions);
      if (!written && versions && (await this.users.readProfile(userId))) {
        throw new ProfileChangedError();
      }
      return written;
    });
    if (!updated) {
      throw new SessionRevokedError();
    }
    return updated;
  }

  private async readProfile(userId: string): Promise<ProfileRead> {
    const read = await this.profiles.read(userId);
    if (!read) {
      throw new SessionRevokedError();
    }
    return read;
  }
}
