import { Injectable } from '@nestjs/common';
import { Metrics } from '#libs/metrics';
import { WriteThrough } from '#libs/sync';
import type { Session } from '../session';
import { SessionLifetimes } from '../session-lifetimes';
import { RedisSessionStore } from '../store/redis-session.store';
import type { RevokedSession, RevokedUser } from '../store/session-revocation.repository';

/** What a write of a revoke-all to Redis has left there. */
export interface RedisRemains {
  /** Where the removal goes on; null: nothing is left, or Redis did not answer. */
  cursor: string | null;
}

/**
 * Writes revocations to Redis that Postgres has recorded. Resolves when no instance goes by the old state any more, near
 * caches aside: at once, or after the lease.
 */
@Injectable()
export class RevocationWriteThrough {
  constructor(
    private readonly redis: RedisSessionStore,
    private readonly writeThrough: WriteThrough,
    private readonly lifetimes: SessionLifetimes,
    private readonly metrics: Metrics,
  ) {}

  /** One session has ended. One Redis round trip. */
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
   * Postgres did not record a revocation: adds the tombstone, if Redis can be reached. No instance whose Redis is in sync
   * accepts the session from then on, until Redis loses its data.
   */
  async refuseUnrecorded({ id: sessionId, userId, expiresAtMs }: Session): Promise<void> {
    // No token outlives its session.
    const ttlMs = this.lifetimes.tombstoneTtlMs(expiresAtMs);
    await this.writeThrough.tryWrite(userId, () => this.redis.revoke(userId, { sessionId, ttlMs }));
  }

  /** All sessions of a user have ended. One Redis round trip. */
  async allRevoked(user: RevokedUser): Promise<RedisRemains> {
    return this.metrics.sync.untilEnforced(async () => {
      const remains = await this.tryAllRevoked(user);
      if (!remains) {
        await this.waitUntilConsistent();
      }
      return remains ?? { cursor: null };
    });
  }

  /** @returns null when Redis did not take it: `waitUntilConsistent` before it is called done. */
  async tryAllRevoked(user: RevokedUser): Promise<RedisRemains | null> {
    const tombstones = user.revoked.map(({ id: sessionId, tokensExpireAtMs }) => ({
      sessionId,
      ttlMs: this.lifetimes.tombstoneTtlMs(tokensExpireAtMs),
    }));
    const written = await this.writeThrough.tryWrite(user.userId, () =>
      this.redis.revokeAll(user, tombstones, this.lifetimes.ttlMs),
    );
    return written && { cursor: written.rest };
  }

  /** Resolves when all that was committed before is in Redis, or no instance goes by a Redis without it. */
  async waitUntilConsistent(): Promise<void> {
    await this.writeThrough.waitUntilConsistent();
  }
}
