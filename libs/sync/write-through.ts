import { Injectable } from '@nestjs/common';
import { DependencyUnavailableError } from '#libs/common';
import { SyncLease } from './sync-lease';
import { UserChanges } from './user-changes';

/**
 * Writes to Redis what Postgres has committed, before the request is answered. The outbox would bring it there as well,
 * but later: after a 2xx no instance may go by the old state, near caches aside.
 */
@Injectable()
export class WriteThrough {
  constructor(
    private readonly lease: SyncLease,
    private readonly changes: UserChanges,
  ) {}

  /**
   * @returns what the write returned; null when Redis did not answer: then `waitUntilConsistent` is due before the
   * change is answered 2xx. This process drops what it keeps of the user either way.
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

  /** Resolves when Redis has all that was committed, or no instance goes by a Redis without it: at most 1 s. */
  async waitUntilConsistent(): Promise<void> {
    await this.lease.waitUntilConsistent();
  }

  /** `tryWrite`, and `waitUntilConsistent` if it failed. */
  async write<T>(userId: string, write: () => Promise<NonNullable<T>>): Promise<void> {
    if ((await this.tryWrite(userId, write)) === null) {
      await this.waitUntilConsistent();
    }
  }
}
