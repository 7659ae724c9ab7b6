import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { RequestOrigin } from '#libs/common';
import { SyncLeases } from '#libs/sync';
import { newRefreshToken, type RefreshToken } from '../refresh/refresh-token';
import type { DatedSession } from '../session';
import { parseAttributes, type SessionAttributes } from '../session-attributes';
import { SessionEndedEvents } from '../session-ended';
import { SessionLifetimes } from '../session-lifetimes';
import { SessionsRevokedError } from '../session.errors';
import { SessionRepository } from '../store/session.repository';
import { SessionActivation } from './session-activation';

/** RFC 8176 section 2. */
const PASSWORD_METHOD = 'pwd';

/** The parameters of `open`. */
export interface OpenSession {
  userId: string;
  role: string;
  /** The generation from `generationOf`, read BEFORE the user's identity was checked. */
  generation: number;
  client?: RequestOrigin;
  /** Whether the session gets the longer lifetime. */
  remember?: boolean;
  /** How the user has authenticated (RFC 8176). Absent: by a password. */
  amr?: readonly string[];
  /** Data of the application about the session. */
  attributes?: SessionAttributes;
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
   * is not opened. ValidationFailedError for attributes that break a rule.
   */
  async open(opening: OpenSession): Promise<OpenedSession> {
    const { userId, client = {} } = opening;
    const lease = this.leases.of(userId).current();
    const session = this.newSession(opening);
    const { createdAtMs, expiresAtMs } = session;
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

  private newSession(opening: OpenSession): DatedSession {
    const { userId, role, generation, remember = false, amr = [PASSWORD_METHOD] } = opening;
    const createdAtMs = this.lifetimes.nowMs();
    const idleAtMs = this.lifetimes.idleAtMs(createdAtMs);
    const dated = { createdAtMs, remembered: remember };
    return {
      ...{ id: randomUUID(), userId, role, generation, amr, ...dated },
      authenticatedAtMs: createdAtMs,
      expiresAtMs: this.lifetimes.sessionExpiryMs(dated, createdAtMs),
      ...(idleAtMs !== undefined && { idleAtMs }),
      ...(opening.attributes && {
        attributes: parseAttributes(opening.attributes),
        detailsVersion: 1,
      }),
    };
  }
}
