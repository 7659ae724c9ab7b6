import { Injectable } from '@nestjs/common';
import { DependencyUnavailableError, turnLoader } from '#libs/common';
import { SyncLease } from '#libs/sync';
import { RedisSessionReader } from '../store/redis-session-reader';
import { NearCache, type LiveSession } from './near-cache/near-cache';
import { RecordLookup, type FoundSession } from './record-lookup';

/**
 * Finds sessions: in Redis while that is in sync, else in Postgres. What Redis lacks and Postgres has is put back.
 * Nothing that was revoked before the question is answered as alive.
 */
@Injectable()
export class SessionLookup {
  /**
   * Answers of the near cache are given at the end of the turn, like those of Redis: first all requests
   * that have arrived are read, then all are answered, which takes a third less than one by one.
   */
  private readonly nearAnswers = turnLoader(
    (found: readonly LiveSession[]) => Promise.resolve(found),
    Infinity,
  );

  constructor(
    private readonly redis: RedisSessionReader,
    private readonly records: RecordLookup,
    private readonly near: NearCache,
    private readonly lease: SyncLease,
  ) {}

  /**
   * One Redis round trip for a session that Redis knows, none for one that the near cache does; else one
   * more and a share of a query.
   * @param profileKey the user's cached profile, to read in the same round trip; null when it
   * does not exist and when Redis was not asked.
   * @throws DependencyUnavailableError when neither store can tell.
   */
  find(userId: string, sessionId: string, profileKey?: string): Promise<FoundSession> {
    // Before anything is read: data that is lost from now on is noticed when the session is put back.
    const lease = this.lease.current();
    if (lease === null) {
      return this.records.find(userId, sessionId);
    }
    const { epoch } = lease;
    const near = this.near.get(userId, sessionId, epoch, profileKey);
    if (near) {
      return this.nearAnswers.load(near);
    }
    const question = this.near.ask();
    // Called for every request: each further function that waits would be paid for by all of them.
    return this.redis.verify(userId, sessionId, epoch, profileKey).then(
      (known) => {
        if (known.state === 'live') {
          this.near.keep(known, epoch, profileKey, question);
          return known;
        }
        return known.state === 'revoked'
          ? known
          : this.records.findAndRestore(userId, sessionId, lease);
      },
      (error: unknown) => {
        if (error instanceof DependencyUnavailableError) {
          return this.records.find(userId, sessionId);
        }
        throw error;
      },
    );
  }
}
