import { Injectable } from '@nestjs/common';
import { ProfileCache, type VersionedProfile } from '../../../libs/user';
import { PostgresUserStore } from '../../../libs/user/postgres-user.store';

/** Writes profiles past the cache. */
@Injectable()
export class UncachedWrites extends ProfileCache {
  override async change<T extends VersionedProfile>(
    _userId: string,
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
