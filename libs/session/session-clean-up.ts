import { setTimeout as pause } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { deleteInBatches } from '#libs/common';
import { SessionLifetimes } from './session-lifetimes';
import { RedisSessionStore } from './store/redis-session.store';
import { RefreshTokenRepository } from './store/refresh-token.repository';
import { SessionRepository } from './store/session.repository';

/** Rows that a clean-up has deleted. */
export interface DeletedSessions {
  deletedSessions: number;
  deletedRefreshTokens: number;
}

/**
 * How long the row of an ended session is kept. All its tokens have expired, but a client that presents its refresh
 * token late learns why it is refused.
 */
const ENDED_RETENTION_MS = 30 * 86_400_000;

/** Users per script, and the pause between two steps, for other commands. */
const USERS_A_SCRIPT = 10;
const PAUSE_MS = 5;

/** Removes data that no request needs, in bounded batches. A signal ends each method between two batches. */
@Injectable()
export class SessionCleanUp {
  constructor(
    private readonly sessions: SessionRepository,
    private readonly refreshTokens: RefreshTokenRepository,
    private readonly redis: RedisSessionStore,
    private readonly lifetimes: SessionLifetimes,
  ) {}

  /**
   * Deletes the records of sessions that ended more than 30 days ago, and of refresh tokens that were used longer ago
   * than the TTL of their session: a client that presents such a token has no session to protect.
   * @throws DependencyUnavailableError while Postgres is unavailable.
   */
  async deleteRecords(signal?: AbortSignal): Promise<DeletedSessions> {
    const nowMs = this.lifetimes.nowMs();
    const endedMs = nowMs - ENDED_RETENTION_MS;
    const deleteUsed = (remembered: boolean) => {
      const usedMs = nowMs - this.lifetimes.ttlMs(remembered);
      return deleteInBatches(
        (limit) => this.refreshTokens.deleteUsed(remembered, usedMs, limit),
        signal,
      );
    };
    return {
      deletedSessions: await deleteInBatches(
        (limit) => this.sessions.deleteEnded(endedMs, limit),
        signal,
      ),
      deletedRefreshTokens: (await deleteUsed(false)) + (await deleteUsed(true)),
    };
  }

  /**
   * Removes expired sessions from Redis, for users who neither open nor refresh one: those scripts remove them for the
   * others.
   * @returns the number of removed sessions.
   * @throws DependencyUnavailableError while Redis is unavailable.
   */
  async removeExpired(signal?: AbortSignal): Promise<number> {
    let total = 0;
    signal?.throwIfAborted();
    for await (const userIds of this.redis.users()) {
      for (let begin = 0; begin < userIds.length; begin += USERS_A_SCRIPT) {
        total += await this.removeExpiredOf(userIds.slice(begin, begin + USERS_A_SCRIPT));
      }
      await pause(PAUSE_MS);
      signal?.throwIfAborted();
    }
    return total;
  }

  private async removeExpiredOf(userIds: readonly string[]): Promise<number> {
    let total = 0;
    let isMore = true;
    while (isMore) {
      const step = await this.redis.removeExpired(userIds, this.lifetimes.nowMs());
      total += step.removed;
      isMore = step.isMore;
    }
    return total;
  }
}
