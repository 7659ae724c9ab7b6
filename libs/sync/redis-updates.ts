import { Injectable } from '@nestjs/common';
import { DependencyUnavailableError } from '#libs/common';
import { RedisTrust } from './redis-trust';
import { UserChanges } from './user-changes';

/**
 * Brings what has been recorded to Redis. It can also reach it later, by the outbox; but a caller
 * that answers "done" promises that no instance goes by the old state any more, near caches aside.
 */
@Injectable()
export class RedisUpdates {
  constructor(
    private readonly trust: RedisTrust,
    private readonly changes: UserChanges,
  ) {}

  /** Whatever becomes of the update, this process goes by nothing that it kept of the user. */
  async make<T>(userId: string, update: () => Promise<T>): Promise<T> {
    try {
      return await update();
    } finally {
      this.changes.happened(userId);
    }
  }

  /**
   * @returns what the update returned; null when Redis did not answer, and then `settle` is due before
   * anybody is told that it is done.
   */
  async attempt<T>(userId: string, update: () => Promise<T>): Promise<T | null> {
    try {
      return await this.make(userId, update);
    } catch (error) {
      if (!(error instanceof DependencyUnavailableError)) {
        throw error;
      }
      return null;
    }
  }

  /** Resolves when Redis has all that was recorded, or no instance believes one that has not. */
  async settle(): Promise<void> {
    await this.trust.settle();
  }

  /** `attempt`, and `settle` if it failed: at most the lease, 1 s. */
  async enforce<T>(userId: string, update: () => Promise<NonNullable<T>>): Promise<void> {
    if ((await this.attempt(userId, update)) === null) {
      await this.settle();
    }
  }
}
