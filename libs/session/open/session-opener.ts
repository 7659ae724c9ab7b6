import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { RequestOrigin } from '#libs/common';
import { SyncLeases } from '#libs/sync';
import { newRefreshToken, type RefreshToken } from '../refresh/refresh-token';
import type { DatedSession } from '../session';
import { SessionEndedEvents } from '../session-ended';
import { SessionLifetimes } from '../session-lifetimes';
import { SessionsRevokedError } from '../session.errors';
import { SessionRepository } from '../store/session.repository';
import { SessionActivation } from './session-activation';

/** The parameters of `open`. */
export interface OpenSession {
  userId: string;
  role: string;
  /** The generation from `generationOf`, read BEFORE the user's identity was checked. */
  generation: number;
  client?: RequestOrigin;
}

/** A session with its refresh token. */
export interface OpenedSession {
  session: DatedSession;
  refreshToken: RefreshToken;
}

/** Opens sessions. Methods throw DependencyUnavailableError while Postgres is unavailable. */
@Injectable()
export class SessionOpener {
  constructor(
    private readonly sessions: SessionRepository,
    private readonly activation: SessionActivation,
    private readonly leases: SyncLeases,
    private readonly lifetimes: SessionLifetimes,
    private readonly endedEvents: SessionEndedEvents,
  ) {}

  /**
   * The user's generation. Read it before the credentials: a password change between the two then makes `open` refuse,
   * instead of accepting the old password. One query.
   */
  async generationOf(userId: string): Promise<number> {
    return this.sessions.generationOf(userId);
  }

  /**
   * Opens a session: Postgres first, then Redis. One Redis round trip. Sessions beyond the limit per user are revoked
   * in the same step, the oldest first.
   * @throws SessionsRevokedError if the user's sessions were all revoked since `generation` was read; the new session
   * is not opened.
   */
  async open({ userId, role, generation, client = {} }: OpenSession): Promise<OpenedSession> {
    const lease = this.leases.of(userId).current();
    const createdAtMs = this.lifetimes.nowMs();
    const opened = { id: randomUUID(), userId, role, generation, createdAtMs };
    const expiresAtMs = this.lifetimes.sessionExpiryMs(opened, createdAtMs);
    const session = { ...opened, expiresAtMs };
    const refreshToken = newRefreshToken();
    const tokensExpireAtMs = this.lifetimes.tokenExpiryMs(createdAtMs, expiresAtMs);
    const ended = await this.sessions.insert({ session, tokensExpireAtMs, client, refreshToken });
    if (!ended) {
      throw new SessionsRevokedError();
    }
    for (const { id: sessionId } of ended) {
      const one = { userId, sessionId, count: 1, origin: client };
      await this.endedEvents.emit({ reason: 'session_limit', ...one });
    }
    if (!(await this.activation.activate(session, lease, ended))) {
      throw new SessionsRevokedError();
    }
    return { session, refreshToken };
  }
}
