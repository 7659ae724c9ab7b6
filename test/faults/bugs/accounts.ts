import { Injectable } from '@nestjs/common';
import { ProfileCacheService, type VersionedProfile } from '../../../libs/profile-cache';
import { PostgresUserStore } from '../../../libs/user/postgres-user.store';

/** Writes profiles past the cache. */
@Injectable()
export class UncachedWrites extends ProfileCacheService {
  override async change<T extends VersionedProfile>(
    write: () => Promise<T | null>,
  ): Promise<T | null> {
    return write();
  }
}

/** Says that it has changed a password, and has not. */
@Injectable()
export class StubbornPasswords extends PostgresUserStore {
  override replacePasswordHash(): Promise<boolean> {
    return Promise.resolve(true);
  }
}
