import { Injectable } from '@nestjs/common';
import type { EndReason } from '../session';
import { SessionEndedEvents } from '../session-ended';
import {
  SessionRevocationRepository,
  type RevokedUser,
} from '../store/session-revocation.repository';
import { RevocationWriteThrough, type RedisRemains } from './revocation-write-through';
import { RevokedSessionCleaner } from './revoked-session-cleaner';

export interface RevokeAllOptions {
  reason: EndReason;
  /** A session of the user that goes on. Absent: none. */
  keptSessionId?: string;
  /** Called in the same transaction, before the sessions are revoked. If it throws, everything is rolled back. */
  beforeRevoke?: () => Promise<void>;
  /** Called in the same transaction with the number of live sessions. */
  afterRevoke?: (revokedSessions: number) => Promise<void>;
}

/** Revokes all sessions of a user. Methods throw DependencyUnavailableError while Postgres is unavailable. */
@Injectable()
export class UserSessionRevoker {
  constructor(
    private readonly revocations: SessionRevocationRepository,
    private readonly writeThrough: RevocationWriteThrough,
    private readonly cleaner: RevokedSessionCleaner,
    private readonly endedEvents: SessionEndedEvents,
  ) {}

  /**
   * Revokes all sessions of a user: Postgres first, then Redis. One transaction and one Redis round trip, in the same
   * time for any number of sessions; sessions beyond 250 are cleaned up after the answer. A concurrent sign-in is
   * refused, or starts over with its credentials and is newer. A session to keep is accepted throughout.
   * @returns the number of live sessions that this call revoked.
   * @throws SessionRevokedError if the session to keep is not alive; nothing is revoked.
   */
  async revokeAll(userId: string, options: RevokeAllOptions): Promise<number> {
    const user = await this.recordAll(userId, options);
    this.cleanUp(user, options.reason, await this.writeThrough.allRevoked(user));
    return user.count;
  }

  /**
   * As `revokeAll`, but does not wait for Redis.
   * @returns also whether Redis has the change: if not, `waitUntilConsistent` is required before a 2xx.
   */
  async tryRevokeAll(userId: string, reason: EndReason) {
    const user = await this.recordAll(userId, { reason });
    const remains = await this.writeThrough.tryAllRevoked(user);
    this.cleanUp(user, reason, remains ?? { cursor: null });
    return { count: user.count, isInRedis: remains !== null };
  }

  /** Resolves when Redis has the changes of `tryRevokeAll`, or no instance uses a Redis without them. */
  async waitUntilConsistent(userIds: readonly string[]): Promise<void> {
    await this.writeThrough.waitUntilConsistent(userIds);
  }

  private recordAll(
    userId: string,
    { reason, keptSessionId, beforeRevoke, afterRevoke }: RevokeAllOptions,
  ): Promise<RevokedUser> {
    return this.revocations.revokeAll(userId, reason, {
      keptSessionId,
      beforeRevoke,
      afterRevoke: async (count) => {
        await this.endedEvents.emit({ userId, reason, count });
        await afterRevoke?.(count);
      },
    });
  }

  private cleanUp(user: RevokedUser, reason: EndReason, { cursor }: RedisRemains): void {
    if (cursor !== null || user.count > user.revoked.length) {
      this.cleaner.cleanUp({ user, reason, cursor });
    }
  }
}
