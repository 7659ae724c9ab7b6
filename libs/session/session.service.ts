import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Clock } from '#libs/common';
import { tombstoneTtlMs, type ClientDetails, type RevocationReason, type Session } from './session';
import { SessionExpiredError, SessionRevokedError, SessionsRevokedError } from './session.errors';
import { SessionOptions } from './session.options';
import { RedisSessionStore } from './store/redis-session.store';
import { SessionRecordStore } from './store/session-record.store';

/** What `open` needs to know. */
export interface OpenSession {
  userId: string;
  role: string;
  /** The generation read, with `generationOf`, BEFORE the user's identity was checked. */
  generation: number;
  client?: ClientDetails;
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

/**
 * Sessions: opened, verified, revoked. Postgres is written first and is right; Redis answers.
 * Every method throws DependencyUnavailableError when a store that it needs is away.
 */
@Injectable()
export class SessionService {
  constructor(
    private readonly record: SessionRecordStore,
    private readonly redis: RedisSessionStore,
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
   * Opens a session: record first, then Redis. One Redis round trip.
   * @throws SessionsRevokedError when the user's sessions were all revoked since `generation` was
   * read; nothing that was opened survives.
   */
  async open({ userId, role, generation, client = {} }: OpenSession): Promise<Session> {
    const nowMs = this.clock.nowMs();
    const session: Session = {
      id: randomUUID(),
      userId,
      role,
      generation,
      createdAtMs: nowMs,
      expiresAtMs: nowMs + this.options.ttlSeconds * 1000,
    };
    const recorded = await this.record.insert(session, client);
    if (!recorded || (await this.redis.open(session, nowMs)) !== 'opened') {
      throw new SessionsRevokedError();
    }
    return session;
  }

  /**
   * Confirms that a session is alive. One Redis round trip, no Postgres query.
   * @param companionKey a string key of the same user to read in the same round trip.
   * @throws SessionExpiredError, SessionRevokedError when it is not alive.
   */
  async verify(userId: string, sessionId: string, companionKey?: string): Promise<VerifiedSession> {
    const found = await this.redis.verify(userId, sessionId, this.clock.nowMs(), companionKey);
    if (found.state === 'expired') {
      throw new SessionExpiredError();
    }
    if (found.state !== 'live') {
      throw new SessionRevokedError();
    }
    return { session: found.session, companion: found.companion };
  }

  /** Ends one session: record first, then Redis. One Redis round trip. Idempotent. */
  async revoke(session: Session, reason: RevocationReason): Promise<void> {
    const nowMs = this.clock.nowMs();
    await this.record.revoke(session.id, session.userId, reason, nowMs);
    const ttlMs = this.tombstoneTtlMs(session.expiresAtMs, nowMs);
    await this.redis.revoke(session.userId, { sessionId: session.id, ttlMs }, nowMs);
  }

  /**
   * Ends every session of a user: record first, then Redis. One Redis round trip, whatever their
   * number. A sign-in in flight ends up dead, or proves its credentials again and is newer.
   * @returns how many live sessions this call ended.
   */
  async revokeAll(userId: string, options: RevokeAllOptions): Promise<number> {
    const nowMs = this.clock.nowMs();
    const { reason, alongside } = options;
    const { generation, revoked } = await this.record.revokeAll(userId, reason, nowMs, alongside);
    const tombstones = revoked.map(({ id, expiresAtMs }) => ({
      sessionId: id,
      ttlMs: this.tombstoneTtlMs(expiresAtMs, nowMs),
    }));
    const keepMs = this.options.ttlSeconds * 1000;
    await this.redis.revokeAll(userId, generation, tombstones, nowMs, keepMs);
    return revoked.length;
  }

  private tombstoneTtlMs(expiresAtMs: number, nowMs: number): number {
    return tombstoneTtlMs(expiresAtMs, nowMs, this.options.blacklistTtlSeconds * 1000);
  }
}
