import { Injectable } from '@nestjs/common';
import { DependencyUnavailableError } from '#libs/common';
import { SyncLeases } from './sync-leases';
import { UserChanges } from './user-changes';

/**
 * Writes to Redis what Postgres has committed, before the request is answered. The outbox would apply it as well, but
 * later: after a 2xx no instance may use the old state, near caches aside.
 */
@Injectable()
export class WriteThrough {
  constructor(
    private readonly leases: SyncLeases,
    private readonly changes: UserChanges,
  ) {}

  /**
   * @returns the result of the write; null if Redis did not answer: `waitUntilConsistent` is then required before a
   * 2xx. In both cases this process drops its cached data of the user.
   */
  async tryWrite<T>(userId: string, write: () => Promise<T>): Promise<T | null> {
    try {
      return await write();
    } catch (error) {
      if (!(error instanceof DependencyUnavailableError)) {
        throw error;
      }
      return null;
    } finally {
      this.changes.happened(userId);
    }
  }

  /**
   * Resolves when Redis has all committed changes of the users, or no instance uses a Redis without them: at most 1 s.
   */
  async waitUntilConsistent(userIds: readonly string[]): Promise<void> {
    await this.leases.waitUntilConsistent(userIds);
  }

  /** `tryWrite`, and `waitUntilConsistent` if it failed. */
  async write<T>(userId: string, write: () => Promise<NonNullable<T>>): Promise<void> {
    if ((await this.tryWrite(userId, write)) === null) {
      await this.waitUntilConsistent([userId]);
    }
  }
}
