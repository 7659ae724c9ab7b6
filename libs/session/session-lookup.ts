import { Injectable } from '@nestjs/common';
import { Batcher, Clock, DependencyUnavailableError, InternalError, TurnBatch } from '#libs/common';
import { SyncLease, type HeldLease } from '#libs/sync';
import { NearCache, type LiveSession } from './near-cache/near-cache';
import type { Session } from './session';
import { RedisSessionStore, type OpenOutcome } from './store/redis-session.store';
import { SessionRecordStore, type RecordedState } from './store/session-record.store';
import { SessionVerifier } from './store/session-verifier';

/** What is known of a session, from whichever store could tell. */
export type FoundSession =
  | { state: 'live'; session: Session; companion: string | null }
  | { state: 'revoked' }
  | { state: 'expired' };

const REVOKED: FoundSession = { state: 'revoked' };

/** An empty Redis, or none, must not become a stampede on Postgres. */
const RECORD_LIMITS = { maxBatch: 500, maxRunning: 2, maxWaiting: 10_000 };

/**
 * Finds sessions: in Redis while it is believed, else in the record. What Redis does not know but
 * the record does is put back. Nothing that was revoked before the question is answered as alive.
 */
@Injectable()
export class SessionLookup {
  private readonly records: Batcher<string, RecordedState>;
  /**
   * What the near cache knows is answered at the end of the turn, like what Redis knows: first all requests
   * that have arrived are read, then all are answered, which takes a third less than one by one.
   */
  private readonly nearAnswers = new TurnBatch<LiveSession, LiveSession>(
    (found) => Promise.resolve(found),
    Infinity,
  );
  private readonly restoring = new Map<string, Promise<OpenOutcome>>();

  constructor(
    private readonly record: SessionRecordStore,
    private readonly verifier: SessionVerifier,
    private readonly redis: RedisSessionStore,
    private readonly near: NearCache,
    private readonly syncLease: SyncLease,
    private readonly clock: Clock,
  ) {
    this.records = new Batcher(
      (sessionIds) => this.record.find(sessionIds, this.clock.nowMs()),
      RECORD_LIMITS,
      () =>
        new DependencyUnavailableError('postgres', {
          cause: new InternalError('too many lookups wait'),
        }),
    );
  }

  /**
   * One Redis round trip for a session that Redis knows, none for one that the near cache does; else one
   * more and a share of a query.
   * @param companionKey a string key of the same user to read in the same round trip; null when it
   * does not exist and when Redis was not asked.
   * @throws DependencyUnavailableError when neither store can tell.
   */
  find(userId: string, sessionId: string, companionKey?: string): Promise<FoundSession> {
    // Before anything is read: data that is lost from now on is noticed when the session is put back.
    const lease = this.syncLease.current();
    if (lease === null) {
      return this.findRecorded(userId, sessionId);
    }
    const { epoch } = lease;
    const near = this.near.get(userId, sessionId, epoch, this.clock.nowMs(), companionKey);
    if (near) {
      return this.nearAnswers.get(near);
    }
    const question = this.near.ask();
    // Called for every request: each further function that waits would be paid for by all of them.
    return this.verifier.verify(userId, sessionId, epoch, companionKey).then(
      (known) => {
        if (known.state === 'live') {
          this.near.keep(known, epoch, companionKey, question);
          return known;
        }
        return known.state === 'revoked' ? known : this.findAndRestore(userId, sessionId, lease);
      },
      (error: unknown) => {
        if (error instanceof DependencyUnavailableError) {
          return this.findRecorded(userId, sessionId);
        }
        throw error;
      },
    );
  }

  /** For a session that Redis does not know to be alive. @param lease as it was held when Redis was asked. */
  private async findAndRestore(
    userId: string,
    sessionId: string,
    lease: HeldLease,
  ): Promise<FoundSession> {
    const found = await this.findRecorded(userId, sessionId);
    if (found.state !== 'live') {
      return found;
    }
    const outcome = await this.restore(found.session, lease);
    return outcome === 'revoked' || outcome === 'stale-generation' ? REVOKED : found;
  }

  /**
   * By the record alone: a share of a query.
   * @throws DependencyUnavailableError
   */
  async findRecorded(userId: string, sessionId: string): Promise<FoundSession> {
    const found = await this.records.get(sessionId);
    if (!found) {
      return REVOKED;
    }
    if (found.state !== 'live') {
      return found.userId === userId ? { state: found.state } : REVOKED;
    }
    return found.session.userId === userId ? { ...found, companion: null } : REVOKED;
  }

  /** Puts a session back; of many who want that at once one does, and all wait for it. */
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
