import { Injectable } from '@nestjs/common';
import { Batcher, Clock, DependencyUnavailableError, InternalError } from '#libs/common';
import type { HeldLease } from '#libs/sync';
import type { Session } from '../session';
import { RedisSessionStore, type OpenOutcome } from '../store/redis-session.store';
import { SessionRepository, type RecordedState } from '../store/session.repository';

/** The state of a session, from either store. */
export type FoundSession =
  | { state: 'live'; session: Session; cachedProfile: string | null }
  | { state: 'revoked' }
  | { state: 'expired' };

const REVOKED: FoundSession = { state: 'revoked' };

/** Bounds the load on Postgres when Redis is empty or unavailable. */
const LIMITS = { maxBatch: 500, maxRunning: 2, maxWaiting: 10_000 };

/** Finds sessions in Postgres, in batches, and restores those that Redis lacks. */
@Injectable()
export class RecordLookup {
  private readonly batcher: Batcher<string, RecordedState>;
  private readonly restoring = new Map<string, Promise<OpenOutcome>>();

  constructor(
    private readonly sessions: SessionRepository,
    private readonly redis: RedisSessionStore,
    private readonly clock: Clock,
  ) {
    this.batcher = new Batcher(
      (sessionIds) => this.sessions.find(sessionIds, this.clock.nowMs()),
      LIMITS,
      () =>
        new DependencyUnavailableError('postgres', {
          cause: new InternalError('too many lookups wait'),
        }),
    );
  }

  /**
   * The session, from Postgres alone: a share of a query.
   * @throws DependencyUnavailableError
   */
  async find(userId: string, sessionId: string): Promise<FoundSession> {
    const found = await this.batcher.get(sessionId);
    if (!found) {
      return REVOKED;
    }
    if (found.state !== 'live') {
      return found.userId === userId ? { state: found.state } : REVOKED;
    }
    return found.session.userId === userId ? { ...found, cachedProfile: null } : REVOKED;
  }

  /**
   * As `find`, and restores a live session to Redis.
   * @param lease as held when Redis was asked.
   */
  async findAndRestore(userId: string, sessionId: string, lease: HeldLease): Promise<FoundSession> {
    const found = await this.find(userId, sessionId);
    if (found.state !== 'live') {
      return found;
    }
    switch (await this.restore(found.session, lease)) {
      case 'revoked':
        return REVOKED;
      case 'stale-generation':
      case 'outdated':
        // Since the record was read its details have changed, or all sessions of the user have ended, or all but this one.
        return this.find(userId, sessionId);
      default:
        return found;
    }
  }

  /** Restores a session once for all concurrent callers. */
  private restore(session: Session, lease: HeldLease): Promise<OpenOutcome> {
    const known = this.restoring.get(session.id);
    if (known) {
      return known;
    }
    const restoring = this.tryRestore(session, lease).finally(() =>
      this.restoring.delete(session.id),
    );
    this.restoring.set(session.id, restoring);
    return restoring;
  }

  private async tryRestore(session: Session, lease: HeldLease): Promise<OpenOutcome> {
    try {
      return await this.redis.open(session, lease, this.clock.nowMs());
    } catch (error) {
      if (error instanceof DependencyUnavailableError) {
        return 'other-epoch';
      }
      throw error;
    }
  }
}
