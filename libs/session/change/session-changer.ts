import { Injectable } from '@nestjs/common';
import { SyncLeases, WriteThrough } from '#libs/sync';
import type { DatedSession, Session } from '../session';
import { parseAttributes, type SessionAttributes } from '../session-attributes';
import { SessionLifetimes } from '../session-lifetimes';
import { SessionNotFoundError, SessionRevokedError } from '../session.errors';
import { RedisSessionStore } from '../store/redis-session.store';
import { SessionChangeRepository } from '../store/session-change.repository';
import { SessionRepository } from '../store/session.repository';

/**
 * Changes the details of a living session: Postgres first, then Redis. Once a method has resolved, no instance reads the
 * older details, near caches aside. Methods throw DependencyUnavailableError while Postgres is unavailable.
 */
@Injectable()
export class SessionChanger {
  constructor(
    private readonly changes: SessionChangeRepository,
    private readonly sessions: SessionRepository,
    private readonly redis: RedisSessionStore,
    private readonly leases: SyncLeases,
    private readonly writeThrough: WriteThrough,
    private readonly lifetimes: SessionLifetimes,
  ) {}

  /**
   * Records that the user has proved their identity again. One query, one Redis round trip.
   * @param method of the proof (RFC 8176); it is added to those of the session.
   * @throws SessionRevokedError
   */
  async prove(session: Pick<Session, 'id' | 'userId'>, method: string): Promise<DatedSession> {
    const { id, userId } = session;
    const changed = await this.change(userId, () => this.changes.prove(id, userId, method));
    if (!changed) {
      throw new SessionRevokedError();
    }
    return changed;
  }

  /**
   * Replaces the attributes of a session. Two queries, one Redis round trip.
   * @param attributes see `parseAttributes`: a flat object, at most 1 KiB as JSON.
   * @throws ValidationFailedError; SessionNotFoundError if there is no living session with this id.
   */
  async setAttributes(sessionId: string, attributes: SessionAttributes): Promise<void> {
    const parsed = parseAttributes(attributes);
    const found = await this.sessions.find([sessionId], this.lifetimes.nowMs());
    const state = found.get(sessionId);
    if (state?.state !== 'live') {
      throw new SessionNotFoundError();
    }
    const { userId } = state.session;
    const changed = await this.change(userId, () =>
      this.changes.setAttributes(sessionId, userId, parsed),
    );
    if (!changed) {
      throw new SessionNotFoundError();
    }
  }

  private async change(
    userId: string,
    record: () => Promise<DatedSession | null>,
  ): Promise<DatedSession | null> {
    // Before Postgres is written: a loss of data in Redis from now on is noticed.
    const lease = this.leases.of(userId).current();
    const session = await record();
    if (session) {
      const nowMs = this.lifetimes.nowMs();
      const outcome = await this.writeThrough.tryWrite(userId, () =>
        this.redis.open(session, lease, nowMs),
      );
      if (outcome !== 'opened') {
        await this.outdate(session);
      }
    }
    return session;
  }

  /** Redis could not take the new details: at least it must not answer with the old ones. */
  private async outdate(session: DatedSession): Promise<void> {
    const { userId, id: sessionId, generation, expiresAtMs, detailsVersion: version = 0 } = session;
    const changed = { userId, sessionId, generation, expiresAtMs, version };
    await this.writeThrough.write(userId, () =>
      this.redis.outdate(changed, this.lifetimes.nowMs()),
    );
  }
}
