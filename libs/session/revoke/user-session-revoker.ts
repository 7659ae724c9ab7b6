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
  /** Called in the same transaction, before the sessions end. What it throws rolls all back. */
  beforeRevoke?: () => Promise<void>;
  /** Called in the same transaction with the number of sessions that were alive. */
  afterRevoke?: (revokedSessions: number) => Promise<void>;
}

/** Ends all sessions of a user. Methods throw DependencyUnavailableError while Postgres is away. */
@Injectable()
export class UserSessionRevoker {
  constructor(
    private readonly revocations: SessionRevocationRepository,
    private readonly writeThrough: RevocationWriteThrough,
    private readonly cleaner: RevokedSessionCleaner,
    private readonly endedEvents: SessionEndedEvents,
  ) {}

  /**
   * Ends every session of a user: Postgres first, then Redis. One transaction and one Redis round trip, which
   * take the same time for any number of sessions; the rest of more than 250 is cleaned up after the answer. A sign-in
   * in flight ends up dead, or proves its credentials again and is newer.
   * @returns how many live sessions this call ended.
   */
  async revokeAll(userId: string, options: RevokeAllOptions): Promise<number> {
    const user = await this.recordAll(userId, options);
    this.cleanUp(user, options.reason, await this.writeThrough.allRevoked(user));
    return user.count;
  }

  /**
   * As `revokeAll`, but does not wait for Redis.
   * @returns also whether Redis took it: if not, `waitUntilConsistent` before it is called done.
   */
  async tryRevokeAll(userId: string, reason: EndReason) {
    const user = await this.recordAll(userId, { reason });
    const remains = await this.writeThrough.tryAllRevoked(user);
    this.cleanUp(user, reason, remains ?? { cursor: null });
    return { count: user.count, isInRedis: remains !== null };
  }

  /** Resolves when what `tryRevokeAll` has recorded is in Redis, or no instance goes by a Redis without it. */
  async waitUntilConsistent(): Promise<void> {
    await this.writeThrough.waitUntilConsistent();
  }

  private recordAll(
    userId: string,
    { reason, beforeRevoke, afterRevoke }: RevokeAllOptions,
  ): Promise<RevokedUser> {
    return this.revocations.revokeAll(userId, reason, {
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
