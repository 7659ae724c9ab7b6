import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '#libs/common';
import { LastSeenTracker } from './last-seen.tracker';
import { newRefreshToken, parseRefreshToken, type RefreshToken } from './refresh-token';
import {
  tombstoneTtlMs,
  type ClientDetails,
  type RecordedSession,
  type RevocationReason,
  type Session,
} from './session';
import {
  RefreshTokenInvalidError,
  SessionExpiredError,
  SessionNotFoundError,
  SessionRevokedError,
  SessionsRevokedError,
} from './session.errors';
import { SessionOptions } from './session.options';
import { RedisSessionStore, type TombstoneRequest } from './store/redis-session.store';
import { RefreshTokenStore, type Rotation } from './store/refresh-token.store';
import {
  SessionRecordStore,
  type RevokedSession,
  type RevokedUser,
  type SessionCursor,
} from './store/session-record.store';

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
  session: Session;
  refreshToken: RefreshToken;
}

export interface VerifiedSession {
  session: Session;
  /** Value of the key that was read along, if one was asked for and it exists. */
  companion: string | null;
}

export interface RevokeAllOptions {
  reason: RevocationReason;
  /** Changes to commit together with the revocation, or not at all. */
  alongside?: () => Promise<void>;
}

/** Users whose sessions are ended by one statement after another when everyone's are. */
const EVERYONE_BATCH = 200;

/**
 * How long the record of a session outlives it. No token of it is good any more, but whoever
 * presents its refresh token late is told what became of it.
 */
const ENDED_RETENTION_MS = 30 * 86_400_000;
/** Rows that one statement deletes, and the breath between two: other statements come first. */
const CLEAN_UP_BATCH = 1000;
const CLEAN_UP_PAUSE_MS = 100;

/**
 * Sessions: opened, verified, refreshed, listed, revoked. Postgres is written first and is right;
 * Redis answers. Every method throws DependencyUnavailableError when a store that it needs is away.
 */
@Injectable()
export class SessionService {
  private readonly logger = new Logger('Session');

  constructor(
    private readonly record: SessionRecordStore,
    private readonly refreshTokens: RefreshTokenStore,
    private readonly redis: RedisSessionStore,
    private readonly lastSeen: LastSeenTracker,
    private readonly clock: Clock,
    private readonly options: SessionOptions,
  ) {}

  /**
   * The user's generation. Read it before the credentials are read: then a password change between
   * the two makes `open` refuse instead of signing an old password in.
   */
  async generationOf(userId: string): Promise<number> {
    return this.record.generationOf(userId);
  }

  /**
   * Opens a session: record first, then Redis. One Redis round trip. Beyond the limit of sessions a
   * user, the oldest end in the same step.
   * @throws SessionsRevokedError when the user's sessions were all revoked since `generation` was
   * read; nothing that was opened survives.
   */
  async open({ userId, role, generation, client = {} }: OpenSession): Promise<OpenedSession> {
    const nowMs = this.clock.nowMs();
    const session: Session = {
      id: randomUUID(),
      userId,
      role,
      generation,
      createdAtMs: nowMs,
      expiresAtMs: this.expiryMs(nowMs, nowMs),
    };
    const refreshToken = newRefreshToken();
    const maxSessions = this.options.maxSessionsPerUser;
    const ended = await this.record.insert({ session, client, refreshToken, maxSessions });
    if (!ended) {
      throw new SessionsRevokedError();
    }
    const outcome = await this.redis.open(session, nowMs, this.tombstones(ended, nowMs));
    if (outcome !== 'opened') {
      throw new SessionsRevokedError();
    }
    return { session, refreshToken };
  }

  /**
   * Confirms that a session is alive. One Redis round trip, no Postgres query.
   * @param companionKey a string key of the same user to read in the same round trip.
   * @throws SessionExpiredError, SessionRevokedError when it is not alive.
   */
  async verify(userId: string, sessionId: string, companionKey?: string): Promise<VerifiedSession> {
    const nowMs = this.clock.nowMs();
    const found = await this.redis.verify(userId, sessionId, nowMs, companionKey);
    if (found.state === 'expired') {
      throw new SessionExpiredError();
    }
    if (found.state !== 'live') {
      throw new SessionRevokedError();
    }
    this.lastSeen.note(sessionId, nowMs);
    return { session: found.session, companion: found.companion };
  }

  /**
   * Uses a refresh token up: a new one, and more life for the session, which keeps its id. The same
   * client asking again within ten seconds gets the same pair. A used token in any other hand ends
   * the session (RFC 9700 section 4.14.2). One transaction, one Redis round trip.
   * @throws RefreshTokenInvalidError, SessionExpiredError, SessionRevokedError
   */
  async refresh(text: string, client: ClientDetails): Promise<Rotation> {
    const presented = parseRefreshToken(text);
    if (!presented) {
      throw new RefreshTokenInvalidError();
    }
    const nowMs = this.clock.nowMs();
    const rotated = await this.refreshTokens.rotate(presented, client, nowMs, (createdAtMs) =>
      this.expiryMs(nowMs, createdAtMs),
    );
    switch (rotated.outcome) {
      case 'rotated':
        if ((await this.redis.open(rotated.session, nowMs)) !== 'opened') {
          throw new SessionRevokedError();
        }
        return rotated;
      case 'reused': {
        const { id: sessionId, userId, expiresAtMs } = rotated.session;
        this.logger.warn({ event: 'refresh_token_reused', userId, sessionId }, 'session ended');
        await this.redis.revoke(userId, this.tombstone(sessionId, expiresAtMs, nowMs), nowMs);
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

  /** Ends one session: record first, then Redis. One Redis round trip. Idempotent. */
  async revoke(session: Session, reason: RevocationReason): Promise<void> {
    const { id, userId, expiresAtMs } = session;
    const nowMs = this.clock.nowMs();
    await this.record.revoke(id, userId, reason, nowMs);
    await this.redis.revoke(userId, this.tombstone(id, expiresAtMs, nowMs), nowMs);
  }

  /**
   * Ends a session that is known by its public id only. One Redis round trip.
   * @throws SessionNotFoundError when the user has no live session of that id.
   */
  async revokeById(userId: string, sessionId: string, reason: RevocationReason): Promise<void> {
    const nowMs = this.clock.nowMs();
    const revoked = await this.record.revoke(sessionId, userId, reason, nowMs);
    if (!revoked) {
      throw new SessionNotFoundError();
    }
    await this.redis.revoke(userId, this.tombstone(sessionId, revoked.expiresAtMs, nowMs), nowMs);
  }

  /**
   * Ends every session of a user: record first, then Redis. One Redis round trip, whatever their
   * number. A sign-in in flight ends up dead, or proves its credentials again and is newer.
   * @returns how many live sessions this call ended.
   */
  async revokeAll(userId: string, { reason, alongside }: RevokeAllOptions): Promise<number> {
    const nowMs = this.clock.nowMs();
    const revoked = await this.record.revokeAll(userId, reason, nowMs, alongside);
    await this.revokeAllInRedis(revoked, nowMs);
    return revoked.revoked.length;
  }

  /**
   * Ends every session of every user, one user after another. A sign-in that happens meanwhile may
   * survive, if its user's turn was over.
   * @returns how many live sessions this call ended.
   */
  async revokeEveryone(reason: RevocationReason): Promise<number> {
    let total = 0;
    let last: string | undefined;
    for (;;) {
      const users = await this.record.usersWithSessions(this.clock.nowMs(), EVERYONE_BATCH, last);
      for (const userId of users) {
        total += await this.revokeAll(userId, { reason });
      }
      last = users.at(-1);
      if (users.length < EVERYONE_BATCH) {
        return total;
      }
    }
  }

  /** Deletes the records of a user's sessions, once they are all revoked. */
  async deleteRecords(userId: string): Promise<void> {
    await this.record.deleteSessions(userId);
  }

  /**
   * Deletes the records of sessions whose life ended more than 30 days ago, in bounded batches.
   * Touches no Redis: nothing there lives that long.
   * @returns how many.
   */
  async cleanUp(): Promise<number> {
    const beforeMs = this.clock.nowMs() - ENDED_RETENTION_MS;
    let total = 0;
    for (;;) {
      const deleted = await this.record.deleteEnded(beforeMs, CLEAN_UP_BATCH);
      total += deleted;
      if (deleted < CLEAN_UP_BATCH) {
        return total;
      }
      await pause(CLEAN_UP_PAUSE_MS);
    }
  }

  private async revokeAllInRedis(user: RevokedUser, nowMs: number): Promise<void> {
    const { userId, generation, revoked } = user;
    const keepMs = this.options.ttlSeconds * 1000;
    const tombstones = this.tombstones(revoked, nowMs);
    await this.redis.revokeAll(userId, generation, tombstones, nowMs, keepMs);
  }

  /** Sliding from now, within the absolute lifetime from the sign-in. */
  private expiryMs(nowMs: number, createdAtMs: number): number {
    const { ttlSeconds, maxLifetimeSeconds = ttlSeconds } = this.options;
    return Math.min(nowMs + ttlSeconds * 1000, createdAtMs + maxLifetimeSeconds * 1000);
  }

  private tombstones(sessions: readonly RevokedSession[], nowMs: number): TombstoneRequest[] {
    return sessions.map(({ id, expiresAtMs }) => this.tombstone(id, expiresAtMs, nowMs));
  }

  private tombstone(sessionId: string, expiresAtMs: number, nowMs: number): TombstoneRequest {
    const limitMs = this.options.blacklistTtlSeconds * 1000;
    return { sessionId, ttlMs: tombstoneTtlMs(expiresAtMs, nowMs, limitMs) };
  }
}
