import { Injectable } from '@nestjs/common';
import { DependencyUnavailableError, type RequestOrigin } from '#libs/common';
import type { EndReason, Session } from '../session';
import { SessionLifetimes } from '../session-lifetimes';
import { SessionEndedEvents } from '../session-ended';
import { SessionNotFoundError } from '../session.errors';
import {
  SessionRevocationRepository,
  type RevokedSession,
} from '../store/session-revocation.repository';
import { SessionLookup } from '../verify/session-lookup';
import { RevocationWriteThrough } from './revocation-write-through';

/** The reason of the end, and its origin if that is not the current request. */
export interface SessionEnd {
  reason: EndReason;
  origin?: RequestOrigin;
}

type RevocableSession = Pick<Session, 'id' | 'userId' | 'expiresAtMs'>;

/**
 * Revokes one session: Postgres first, then Redis. Methods throw DependencyUnavailableError while Postgres is
 * unavailable. If Redis is available, the tombstone is added all the same: the tokens are refused, but the revocation
 * is not durable until the client repeats it.
 */
@Injectable()
export class SessionRevoker {
  constructor(
    private readonly revocations: SessionRevocationRepository,
    private readonly writeThrough: RevocationWriteThrough,
    private readonly lookup: SessionLookup,
    private readonly lifetimes: SessionLifetimes,
    private readonly endedEvents: SessionEndedEvents,
  ) {}

  /** Revokes a session. One query, one Redis round trip. Idempotent. */
  async revoke(session: RevocableSession, reason: EndReason): Promise<void> {
    const { id, userId } = session;
    const revoked = await this.revocations
      .revoke(id, userId, reason)
      .catch((error: unknown) => this.refuseUnrecorded(session, error));
    if (revoked) {
      await this.complete(session, revoked, { reason });
    } else {
      await this.writeThrough.revoked(userId, { id, tokensExpireAtMs: session.expiresAtMs });
    }
  }

  /**
   * Revokes the session that a genuine token names, ended or not. One query, one Redis round trip.
   * Idempotent.
   */
  async revokeNamed(named: Pick<Session, 'id' | 'userId'>, reason: EndReason): Promise<void> {
    // No token that exists now lives longer.
    const expiresAtMs = this.lifetimes.nowMs() + this.lifetimes.longestTtlMs;
    await this.revoke({ ...named, expiresAtMs }, reason);
  }

  /**
   * Revokes a session by its public id, for its user or an administrator. One query, one Redis round trip.
   * @throws SessionNotFoundError if the user has no live session with this id.
   */
  async revokeById(
    userId: string,
    id: string,
    reason: EndReason = 'revoked_by_user',
  ): Promise<void> {
    const revoked = await this.revocations
      .revoke(id, userId, reason)
      .catch(async (error: unknown) => {
        const found = await this.lookup.find(userId, id);
        return this.refuseUnrecorded(found.state === 'live' ? found.session : null, error);
      });
    if (!revoked) {
      throw new SessionNotFoundError();
    }
    await this.complete({ id, userId }, revoked, { reason });
  }

  /** Completes a revocation that Postgres has recorded. One Redis round trip. */
  async complete(
    { id: sessionId, userId }: Pick<Session, 'id' | 'userId'>,
    revoked: RevokedSession,
    end: SessionEnd,
  ): Promise<void> {
    await this.endedEvents.emit({ userId, sessionId, count: 1, ...end });
    await this.writeThrough.revoked(userId, revoked);
  }

  /** Postgres did not record the revocation: the session is refused all the same, if Redis is available. */
  private async refuseUnrecorded(session: RevocableSession | null, cause: unknown): Promise<never> {
    if (session && cause instanceof DependencyUnavailableError) {
      await this.writeThrough.refuseUnrecorded(session);
    }
    throw cause;
  }
}
