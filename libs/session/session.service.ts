import { randomUUID } from 'node:crypto';
import { Injectable, Logger } from '@nestjs/common';
import { SecurityEvents } from '#libs/audit';
import { Clock, deleteInBatches, DependencyUnavailableError } from '#libs/common';
import { serializeError } from '#libs/log';
import { Metrics } from '#libs/metrics';
import { SyncLease } from '#libs/sync';
import { forEachUser } from './for-each-user';
import { LastSeenTracker } from './last-seen.tracker';
import { newRefreshToken, parseRefreshToken, type RefreshToken } from './refresh-token';
import {
  REVOCATION_REASONS,
  type ClientDetails,
  type DatedSession,
  type RecordedSession,
  type RevocationReason,
  type Session,
} from './session';
import { sessionExpiryMs, tokenExpiryMs } from './session-lifetime';
import { SessionLookup, type FoundSession } from './session-lookup';
import { SessionPublisher } from './session-publisher';
import {
  RefreshTokenInvalidError,
  SessionExpiredError,
  SessionNotFoundError,
  SessionRevokedError,
  SessionsRevokedError,
} from './session.errors';
import { SessionOptions } from './session.options';
import { RefreshTokenStore, type RotateOptions, type Rotation } from './store/refresh-token.store';
import { SessionRecordStore, type SessionCursor } from './store/session-record.store';
import { SessionRevocationStore, type RevokeAllAlongside } from './store/session-revocation.store';
import { SubjectStore } from './store/subject.store';

/** What `open` needs to know. */
export interface OpenSession {
  userId: string;
  role: string;
  /** The generation read, with `generationOf`, BEFORE the user's identity was checked. */
  generation: number;
  client?: ClientDetails;
}

/** A session with the token that prolongs it. */
export interface OpenedSession {
  session: DatedSession;
  refreshToken: RefreshToken;
}

export interface VerifiedSession {
  session: Session;
  /** Value of the key that was read along, if one was asked for and it exists. */
  companion: string | null;
}

export interface RevokeAllOptions extends RevokeAllAlongside {
  reason: RevocationReason;
}

/** Users whose sessions are ended by one statement after another when everyone's are. */
const EVERYONE_BATCH = 200;

/**
 * Sessions: opened, verified, refreshed, listed, revoked. Postgres is written first and is right;
 * Redis answers while it is believed. Every method throws DependencyUnavailableError when no store
 * that could do or confirm it is there. A method that ends sessions resolves when no instance
 * accepts them any more: at once with Redis, after at most 1 s without.
 */
@Injectable()
export class SessionService {
  private readonly logger = new Logger('Session');
  private readonly countRevoked: (reason: RevocationReason, sessions: number) => void;

  constructor(
    private readonly subjects: SubjectStore,
    private readonly record: SessionRecordStore,
    private readonly revocations: SessionRevocationStore,
    private readonly refreshTokens: RefreshTokenStore,
    private readonly lookup: SessionLookup,
    private readonly publisher: SessionPublisher,
    private readonly syncLease: SyncLease,
    private readonly lastSeen: LastSeenTracker,
    private readonly events: SecurityEvents,
    private readonly clock: Clock,
    private readonly options: SessionOptions,
    metrics: Metrics,
  ) {
    this.countRevoked = metrics.sessions.revocations(REVOCATION_REASONS);
  }

  /**
   * The user's generation. Read it before the credentials are read: then a password change between
   * the two makes `open` refuse instead of signing an old password in.
   */
  async generationOf(userId: string): Promise<number> {
    return this.subjects.generationOf(userId);
  }

  /**
   * Opens a session: record first, then Redis. One Redis round trip. Beyond the limit of sessions a
   * user, the oldest end in the same step.
   * @throws SessionsRevokedError when the user's sessions were all revoked since `generation` was
   * read; nothing that was opened survives.
   */
  async open({ userId, role, generation, client = {} }: OpenSession): Promise<OpenedSession> {
    const lease = this.syncLease.current();
    const nowMs = this.clock.nowMs();
    const session: DatedSession = {
      id: randomUUID(),
      userId,
      role,
      generation,
      createdAtMs: nowMs,
      expiresAtMs: sessionExpiryMs(this.options, nowMs, nowMs),
    };
    const refreshToken = newRefreshToken();
    const maxSessions = this.options.maxSessionsPerUser;
    const tokensExpireAtMs = tokenExpiryMs(this.options, nowMs, session.expiresAtMs);
    const ended = await this.record.insert({
      session,
      tokensExpireAtMs,
      client,
      refreshToken,
      maxSessions,
    });
    if (!ended) {
      throw new SessionsRevokedError();
    }
    for (const { id: sessionId } of ended) {
      const details = { reason: 'session_limit' } as const;
      this.events.record({ name: 'session_revoked', userId, sessionId, origin: client, details });
    }
    this.countRevoked('session-limit', ended.length);
    if (!(await this.publisher.opened(session, lease, nowMs, ended))) {
      throw new SessionsRevokedError();
    }
    return { session, refreshToken };
  }

  /**
   * Confirms that a session is alive. One Redis round trip, no Postgres query, for a session that
   * Redis knows; a share of a query when Redis does not know it or is not believed.
   * @param companionKey a string key of the same user to read in the same round trip.
   * @throws SessionExpiredError, SessionRevokedError when it is not alive.
   */
  verify(userId: string, sessionId: string, companionKey?: string): Promise<VerifiedSession> {
    return this.lookup
      .find(userId, sessionId, companionKey)
      .then((found) => this.expectLive(sessionId, found));
  }

  /**
   * As `verify`, by Postgres alone: for a caller that repeats a revocation that was not recorded, while its tombstone
   * stands in Redis. A share of a query.
   */
  async verifyRecorded(userId: string, sessionId: string): Promise<VerifiedSession> {
    return this.expectLive(sessionId, await this.lookup.findRecorded(userId, sessionId));
  }

  /**
   * Uses a refresh token up: a new one, and more life for the session, which keeps its id. The same
   * client asking again within ten seconds gets the same pair. A used token in any other hand ends
   * the session (RFC 9700 section 4.14.2). One transaction, one Redis round trip.
   * @param more `admit` is called for a genuine token before anything is written, `alongside` must succeed in the
   * same transaction; what they throw leaves the token as it is.
   * @throws RefreshTokenInvalidError, SessionExpiredError, SessionRevokedError
   */
  async refresh(
    text: string,
    client: ClientDetails,
    more: Pick<RotateOptions, 'admit' | 'alongside'> = {},
  ): Promise<Rotation> {
    const presented = parseRefreshToken(text);
    if (!presented) {
      throw new RefreshTokenInvalidError();
    }
    const lease = this.syncLease.current();
    const nowMs = this.clock.nowMs();
    const rotated = await this.refreshTokens.rotate(presented, client, nowMs, {
      expiresAtMs: (createdAtMs) => sessionExpiryMs(this.options, nowMs, createdAtMs),
      tokensExpireAtMs: (issuedAtMs, endsAtMs) => tokenExpiryMs(this.options, issuedAtMs, endsAtMs),
      ...more,
    });
    switch (rotated.outcome) {
      case 'rotated':
        if (!(await this.publisher.opened(rotated.session, lease, nowMs, []))) {
          throw new SessionRevokedError();
        }
        return rotated;
      case 'reused': {
        const { id: sessionId, userId } = rotated.session;
        this.countRevoked('refresh-reuse', 1);
        const event = { userId, sessionId, origin: client, details: {} };
        this.events.record({ name: 'refresh_token_reused', ...event });
        await this.publisher.revoked(userId, rotated.revoked, nowMs);
        throw new SessionRevokedError();
      }
      case 'expired':
        throw new SessionExpiredError();
      case 'revoked':
        throw new SessionRevokedError();
      case 'unknown':
        throw new RefreshTokenInvalidError();
    }
  }

  /** A page of a user's live sessions, newest first. One query. */
  async list(userId: string, limit: number, after?: SessionCursor): Promise<RecordedSession[]> {
    return this.record.list(userId, this.clock.nowMs(), limit, after);
  }

  /**
   * Ends one session: Postgres first, then Redis. One Redis round trip. Idempotent.
   * @throws DependencyUnavailableError while Postgres is away. The tombstone is put up if Redis can be reached, so
   * the session's tokens are refused, but the revocation is not durable: the caller repeats it.
   */
  async revoke(session: Session, reason: RevocationReason): Promise<void> {
    const nowMs = this.clock.nowMs();
    const { id, userId, expiresAtMs: tokensExpireAtMs } = session;
    const revoked = await this.revocations
      .revoke(id, userId, reason, nowMs)
      .catch((error: unknown) => this.refuseUnrecorded(session, nowMs, error));
    this.countRevoked(reason, revoked ? 1 : 0);
    await this.publisher.revoked(userId, revoked ?? { id, tokensExpireAtMs }, nowMs);
  }

  /**
   * Ends a session for its user, who knows its public id only. One Redis round trip.
   * @throws SessionNotFoundError when the user has no live session of that id.
   * @throws DependencyUnavailableError as `revoke` does.
   */
  async revokeById(userId: string, sessionId: string): Promise<void> {
    const nowMs = this.clock.nowMs();
    const revoked = await this.revocations
      .revoke(sessionId, userId, 'revoked-by-user', nowMs)
      .catch(async (error: unknown) => {
        const found = await this.lookup.find(userId, sessionId);
        return this.refuseUnrecorded(found.state === 'live' ? found.session : null, nowMs, error);
      });
    if (!revoked) {
      throw new SessionNotFoundError();
    }
    await this.publisher.revoked(userId, revoked, nowMs);
    this.countRevoked('revoked-by-user', 1);
    const details = { reason: 'revoked_by_user' } as const;
    this.events.record({ name: 'session_revoked', userId, sessionId, details });
  }

  /**
   * Ends every session of a user: record first, then Redis. One transaction and one Redis round trip, which
   * take the same time for any number of sessions; the rest of more than 250 is
   * cleaned up after the answer. Not while Postgres is away. A sign-in in flight ends up dead, or proves its credentials again and is newer.
   * @returns how many live sessions this call ended.
   */
  async revokeAll(userId: string, { reason, ...more }: RevokeAllOptions): Promise<number> {
    const nowMs = this.clock.nowMs();
    const revoked = await this.revocations.revokeAll(userId, reason, nowMs, more);
    this.countRevoked(reason, revoked.count);
    await this.publisher.allRevoked(revoked, reason, nowMs);
    return revoked.count;
  }

  /**
   * Ends every session of every user, one user after another. A sign-in that happens meanwhile may
   * survive, if its user's turn was over. See `forEachUser`, also for what it throws.
   * @param afterwards more to do in the transaction of each user.
   * @returns how many live sessions this call ended.
   */
  async revokeEveryone(
    reason: RevocationReason,
    afterwards?: (userId: string, revokedSessions: number) => Promise<void>,
  ): Promise<number> {
    let total = 0;
    const notInRedis: string[] = [];
    const work = async (userId: string) => {
      const nowMs = this.clock.nowMs();
      const revoked = await this.revocations.revokeAll(userId, reason, nowMs, {
        afterwards: afterwards && ((count) => afterwards(userId, count)),
      });
      total += revoked.count;
      this.countRevoked(reason, revoked.count);
      if (!(await this.publisher.tryAllRevoked(revoked, reason, nowMs))) {
        notInRedis.push(userId);
      }
    };
    try {
      await forEachUser({
        page: (after) => this.record.usersWithSessions(this.clock.nowMs(), EVERYONE_BATCH, after),
        pageSize: EVERYONE_BATCH,
        work,
        onFailure: (error) =>
          this.logger.error({ err: serializeError(error) }, 'sessions of a user not revoked yet'),
      });
    } finally {
      if (notInRedis.length > 0) {
        await this.publisher.settle();
      }
    }
    return total;
  }

  /** Deletes the records of a user's sessions, once they are all revoked, in bounded batches. */
  async deleteRecords(userId: string): Promise<void> {
    await deleteInBatches((limit) => this.record.deleteSessions(userId, limit));
  }

  private expectLive(sessionId: string, found: FoundSession): VerifiedSession {
    if (found.state === 'live') {
      this.lastSeen.note(sessionId, this.clock.nowMs());
      return found;
    }
    throw found.state === 'expired' ? new SessionExpiredError() : new SessionRevokedError();
  }

  /** Postgres did not record a revocation: the session is refused all the same, if Redis can be reached. */
  private async refuseUnrecorded(
    session: Session | null,
    nowMs: number,
    cause: unknown,
  ): Promise<never> {
    if (session && cause instanceof DependencyUnavailableError) {
      await this.publisher.refuseUnrecorded(session, nowMs);
    }
    throw cause;
  }
}
