import { Injectable } from '@nestjs/common';
import { UserCaches, type Versioned } from '../../../libs/cache';
import { PostgresUserStore } from '../../../libs/user/postgres-user.store';

/** Changes users without the caches. */
@Injectable()
export class UncachedWrites extends UserCaches {
  override async change<T extends Versioned>(
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
