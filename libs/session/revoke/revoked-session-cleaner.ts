import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { DependencyUnavailableError } from '#libs/common';
import { serializeError } from '#libs/log';
import type { EndReason } from '../session';
import { SessionLifetimes } from '../session-lifetimes';
import { RedisSessionStore } from '../store/redis-session.store';
import {
  SessionRevocationRepository,
  type RevokedUser,
} from '../store/session-revocation.repository';

/** The rest of a revoke-all. */
export interface RevokedRemains {
  user: RevokedUser;
  reason: EndReason;
  /** Where the removal from Redis continues; null: nothing is left there. */
  cursor: string | null;
}

/**
 * Marks and removes the rest of a revoke-all, of a user with more sessions than one step takes: one user after another,
 * in bounded batches. The sessions are revoked already. If the process ends before, their TTL or the user's next
 * revoke-all removes them.
 */
@Injectable()
export class RevokedSessionCleaner implements OnModuleDestroy {
  private readonly logger = new Logger('Session');
  private running = Promise.resolve();
  private stopped = false;

  constructor(
    private readonly revocations: SessionRevocationRepository,
    private readonly redis: RedisSessionStore,
    private readonly lifetimes: SessionLifetimes,
  ) {}

  /** Returns at once; never throws. */
  cleanUp(remains: RevokedRemains): void {
    this.running = this.running
      .then(() => this.work(remains))
      .catch((error: unknown) => {
        if (!(error instanceof DependencyUnavailableError)) {
          this.logger.error(
            { err: serializeError(error) },
            'revoked sessions could not be cleaned up',
          );
        }
      });
  }

  /** Resolves when all rests are cleaned up. */
  async ended(): Promise<void> {
    await this.running;
  }

  async onModuleDestroy(): Promise<void> {
    this.stopped = true;
    await this.running;
  }

  private async work({ user, reason, cursor }: RevokedRemains): Promise<void> {
    let rest = cursor;
    while (rest !== null && !this.stopped) {
      rest = await this.redis.removeRevoked(user, this.lifetimes.longestTtlMs, rest);
    }
    let isMore = user.count > user.revoked.length;
    while (isMore && !this.stopped) {
      isMore = await this.revocations.markMore(user, reason);
    }
  }
}
