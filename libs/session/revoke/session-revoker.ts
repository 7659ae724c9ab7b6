import { Injectable } from '@nestjs/common';
import { DependencyUnavailableError, type RequestOrigin } from '#libs/common';
import type { EndReason, Session } from '../session';
import { SessionEndedEvents } from '../session-ended';
import { SessionNotFoundError } from '../session.errors';
import {
  SessionRevocationRepository,
  type RevokedSession,
} from '../store/session-revocation.repository';
import { SessionLookup } from '../verify/session-lookup';
import { RevocationWriteThrough } from './revocation-write-through';

/** Why a session ended, and where that came from if not from the request that is being handled. */
export interface SessionEnd {
  reason: EndReason;
  origin?: RequestOrigin;
}

/**
 * Ends one session: Postgres first, then Redis. Methods throw DependencyUnavailableError while Postgres is away. The
 * tombstone is added all the same if Redis can be reached, so the session's tokens are refused, but the revocation is not
 * durable: the caller repeats it.
 */
@Injectable()
export class SessionRevoker {
  constructor(
    private readonly revocations: SessionRevocationRepository,
    private readonly writeThrough: RevocationWriteThrough,
    private readonly lookup: SessionLookup,
    private readonly endedEvents: SessionEndedEvents,
  ) {}

  /** Ends a session. One query, one Redis round trip. Idempotent. */
  async revoke(session: Session, reason: EndReason): Promise<void> {
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
   * Ends a session for its user, who knows its public id only. One query, one Redis round trip.
   * @throws SessionNotFoundError when the user has no live session of that id.
   */
  async revokeById(userId: string, id: string): Promise<void> {
    const reason = 'revoked_by_user';
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

  /** What remains to be done when Postgres has recorded that a session has ended. One Redis round trip. */
  async complete(
    { id: sessionId, userId }: Pick<Session, 'id' | 'userId'>,
    revoked: RevokedSession,
    end: SessionEnd,
  ): Promise<void> {
    await this.endedEvents.emit({ userId, sessionId, count: 1, ...end });
    await this.writeThrough.revoked(userId, revoked);
  }

  /** Postgres did not record a revocation: the session is refused all the same, if Redis can be reached. */
  private async refuseUnrecorded(session: Session | null, cause: unknown): Promise<never> {
    if (session && cause instanceof DependencyUnavailableError) {
      await this.writeThrough.refuseUnrecorded(session);
    }
    throw cause;
  }
}
