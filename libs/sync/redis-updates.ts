import { Injectable } from '@nestjs/common';
import { DependencyUnavailableError } from '#libs/common';
import { RedisTrust } from './redis-trust';

/**
 * Brings what has been recorded to Redis. It can also reach it later, by the outbox; but a caller
 * that answers "done" promises that no instance goes by the old state any more.
 */
@Injectable()
export class RedisUpdates {
  constructor(private readonly trust: RedisTrust) {}

  /**
   * @returns what the update returned; null when Redis did not answer, and then `settle` is due before
   * anybody is told that it is done.
   */
  async attempt<T>(update: () => Promise<T>): Promise<T | null> {
    try {
      return await update();
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
  async enforce<T>(update: () => Promise<NonNullable<T>>): Promise<void> {
    if ((await this.attempt(update)) === null) {
      await this.settle();
    }
  }
}
