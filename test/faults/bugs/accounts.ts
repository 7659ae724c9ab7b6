import { Injectable } from '@nestjs/common';
import { ProfileCache, type VersionedProfile } from '../../../libs/user';
import { PostgresUserStore } from '../../../libs/user/postgres-user.store';

/** Writes profiles without the cache. */
@Injectable()
export class UncachedWrites extends ProfileCache {
  override async change<T extends VersionedProfile>(
    _userId: string,
    write: () => Promise<T | null>,
  ): Promise<T | null> {
    return write();
  }
}

/** Reports a changed password without changing it. */
@Injectable()
export class StubbornPasswords extends PostgresUserStore {
  override replacePasswordHash(): Promise<boolean> {
    return Promise.resolve(true);
  }
}
