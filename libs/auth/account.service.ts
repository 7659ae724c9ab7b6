import { Injectable } from '@nestjs/common';
import { ProfileCacheService, type CachedRead, type Profile } from '#libs/profile-cache';
import { SessionRevokedError } from '#libs/session';
import { UserStore, type ProfileChange } from '#libs/user';

/** A user's own profile. Throws DependencyUnavailableError throughout. */
@Injectable()
export class AccountService {
  constructor(
    private readonly users: UserStore,
    private readonly profiles: ProfileCacheService,
  ) {}

  /**
   * @param profileEntry what was read along with the session's verification.
   * @throws SessionRevokedError when the account is gone.
   */
  async profile(userId: string, profileEntry: string | null): Promise<CachedRead> {
    const read = await this.profiles.read(userId, profileEntry);
    if (!read) {
      throw new SessionRevokedError();
    }
    return read;
  }

  /**
   * Changes the profile: record first, then the cache, so that once this has answered nobody is
   * shown an older one.
   * @throws SessionRevokedError when the account is gone.
   */
  async updateProfile(userId: string, change: ProfileChange): Promise<Profile> {
    const updated = await this.profiles.change(() => this.users.updateProfile(userId, change));
    if (!updated) {
      throw new SessionRevokedError();
    }
    return updated.profile;
  }
}
