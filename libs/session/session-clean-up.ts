import { setTimeout as pause } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { Clock, deleteInBatches } from '#libs/common';
import { SessionOptions } from './session.options';
import { FIRST_CURSOR, RedisSessionStore } from './store/redis-session.store';
import { RefreshTokenRepository } from './store/refresh-token.repository';
import { SessionRepository } from './store/session.repository';

/** Rows that a clean-up has deleted. */
export interface DeletedSessions {
  deletedSessions: number;
  deletedRefreshTokens: number;
}

/**
 * How long the row of a session outlives it. None of its tokens is valid any more, but a client that presents its
 * refresh token late learns why it is refused.
 */
const ENDED_RETENTION_MS = 30 * 86_400_000;

/** Users whose sessions one script looks at, and the pause between two steps: other commands come first. */
const USERS_A_SCRIPT = 10;
const PAUSE_MS = 5;

/** Removes what no request needs any more, in bounded batches. A signal ends each method between two batches. */
@Injectable()
export class SessionCleanUp {
  constructor(
    private readonly sessions: SessionRepository,
    private readonly refreshTokens: RefreshTokenRepository,
    private readonly redis: RedisSessionStore,
    private readonly clock: Clock,
    private readonly options: SessionOptions,
  ) {}

  /**
   * Deletes the records of sessions whose life ended more than 30 days ago, and of refresh tokens that were
   * used longer ago than the TTL of a session: a client that presents such a token has no session to protect.
   * @throws DependencyUnavailableError while Postgres is away.
   */
  async deleteRecords(signal?: AbortSignal): Promise<DeletedSessions> {
    const nowMs = this.clock.nowMs();
    const endedMs = nowMs - ENDED_RETENTION_MS;
    const usedMs = nowMs - this.options.ttlSeconds * 1000;
    return {
      deletedSessions: await deleteInBatches(
        (limit) => this.sessions.deleteEnded(endedMs, limit),
        signal,
      ),
      deletedRefreshTokens: await deleteInBatches(
        (limit) => this.refreshTokens.deleteUsed(usedMs, limit),
        signal,
      ),
    };
  }

  /**
   * Removes expired sessions from Redis, of users who do not open or refresh one: those scripts do it for the others.
   * @returns how many sessions were removed.
   * @throws DependencyUnavailableError while Redis is away.
   */
  async removeExpired(signal?: AbortSignal): Promise<number> {
    let total = 0;
    let cursor = FIRST_CURSOR;
    do {
      signal?.throwIfAborted();
      const found = await this.redis.someUsers(cursor);
      for (let begin = 0; begin < found.userIds.length; begin += USERS_A_SCRIPT) {
        total += await this.removeExpiredOf(found.userIds.slice(begin, begin + USERS_A_SCRIPT));
      }
      cursor = found.cursor;
      await pause(PAUSE_MS);
    } while (cursor !== FIRST_CURSOR);
    return total;
  }

  private async removeExpiredOf(userIds: readonly string[]): Promise<number> {
    let total = 0;
    let isMore = true;
    while (isMore) {
      const step = await this.redis.removeExpired(userIds, this.clock.nowMs());
      total += step.removed;
      isMore = step.isMore;
    }
    return total;
  }
}
