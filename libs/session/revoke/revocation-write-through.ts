import { Injectable } from '@nestjs/common';
import { Metrics } from '#libs/metrics';
import { WriteThrough } from '#libs/sync';
import type { Session } from '../session';
import { SessionLifetimes } from '../session-lifetimes';
import { RedisSessionStore } from '../store/redis-session.store';
import type { RevokedSession, RevokedUser } from '../store/session-revocation.repository';

/** The result of writing a revoke-all to Redis. */
export interface RedisRemains {
  /** Where the removal continues; null: nothing is left, or Redis did not answer. */
  cursor: string | null;
}

/**
 * Writes committed revocations to Redis. Resolves when no instance uses the old state, near caches aside: immediately,
 * or after the lease.
 */
@Injectable()
export class RevocationWriteThrough {
  constructor(
    private readonly redis: RedisSessionStore,
    private readonly writeThrough: WriteThrough,
    private readonly lifetimes: SessionLifetimes,
    private readonly metrics: Metrics,
  ) {}

  /** Writes the end of one session. One Redis round trip. */
  async revoked(
    userId: string,
    { id: sessionId, tokensExpireAtMs }: RevokedSession,
  ): Promise<void> {
    const ttlMs = this.lifetimes.tombstoneTtlMs(tokensExpireAtMs);
    await this.metrics.sync.untilEnforced(() =>
      this.writeThrough.write(userId, () => this.redis.revoke(userId, { sessionId, ttlMs })),
    );
  }

  /**
   * For a revocation that Postgres did not record: adds the tombstone, if Redis is available. From then on no instance
   * whose Redis is in sync accepts the session, until Redis loses its data.
   */
  async refuseUnrecorded({
    id: sessionId,
    userId,
    expiresAtMs,
  }: Pick<Session, 'id' | 'userId' | 'expiresAtMs'>): Promise<void> {
    // No token outlives its session.
    const ttlMs = this.lifetimes.tombstoneTtlMs(expiresAtMs);
    await this.writeThrough.tryWrite(userId, () => this.redis.revoke(userId, { sessionId, ttlMs }));
  }

  /** Writes the end of all sessions of a user. One Redis round trip. */
  async allRevoked(user: RevokedUser): Promise<RedisRemains> {
    return this.metrics.sync.untilEnforced(async () => {
      const remains = await this.tryAllRevoked(user);
      if (!remains) {
        await this.waitUntilConsistent([user.userId]);
      }
      return remains ?? { cursor: null };
    });
  }

  /** @returns null if Redis did not answer: `waitUntilConsistent` is then required before a 2xx. */
  async tryAllRevoked(user: RevokedUser): Promise<RedisRemains | null> {
    const tombstones = user.revoked.map(({ id: sessionId, tokensExpireAtMs }) => ({
      sessionId,
      ttlMs: this.lifetimes.tombstoneTtlMs(tokensExpireAtMs),
    }));
    const written = await this.writeThrough.tryWrite(user.userId, () =>
      this.redis.revokeAll(user, tombstones, this.lifetimes.longestTtlMs),
    );
    return written && { cursor: written.rest };
  }

  /** Resolves when Redis has all earlier committed changes of the users, or no instance uses a Redis without them. */
  async waitUntilConsistent(userIds: readonly string[]): Promise<void> {
    await this.writeThrough.waitUntilConsistent(userIds);
  }
}
