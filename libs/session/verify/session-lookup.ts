import { Injectable } from '@nestjs/common';
import { DependencyUnavailableError, turnLoader } from '#libs/common';
import { SyncLeases } from '#libs/sync';
import { SessionLifetimes } from '../session-lifetimes';
import { RedisSessionReader } from '../store/redis-session-reader';
import { NearCache, type LiveSession } from './near-cache/near-cache';
import { RecordLookup, type FoundSession } from './record-lookup';

/**
 * Finds sessions: in Redis while it is in sync, else in Postgres. A session that Redis lacks and Postgres has is
 * restored. No session that was revoked before the call is returned as alive.
 */
@Injectable()
export class SessionLookup {
  /**
   * Answers of the near cache wait for the end of the turn, like those of Redis: all requests that have arrived are
   * then read before any is answered, which takes a third less time than one by one.
   */
  private readonly nearAnswers = turnLoader(
    (found: readonly LiveSession[]) => Promise.resolve(found),
    Infinity,
  );

  constructor(
    private readonly redis: RedisSessionReader,
    private readonly records: RecordLookup,
    private readonly near: NearCache,
    private readonly leases: SyncLeases,
    private readonly lifetimes: SessionLifetimes,
  ) {}

  /**
   * One Redis round trip for a session in Redis, none for one in the near cache; otherwise one more and a share of a
   * query.
   * @param profileKey the user's cached profile, to read in the same round trip; null if it does not exist and if Redis
   * was not asked.
   * @throws DependencyUnavailableError if neither store can tell.
   */
  find(userId: string, sessionId: string, profileKey?: string): Promise<FoundSession> {
    // Taken before any read: a loss of data from now on is noticed when the session is restored.
    const lease = this.leases.of(userId).current();
    if (lease === null) {
      return this.records.find(userId, sessionId);
    }
    const { epoch } = lease;
    const near = this.near.get(userId, sessionId, epoch, profileKey);
    if (near) {
      return this.nearAnswers.load(near);
    }
    const question = this.near.ask(userId);
    // Called for every request: each additional async function would cost time on all of them.
    return this.redis.verify(userId, sessionId, epoch, profileKey).then(
      (known) => {
        if (known.state === 'live' && this.hasAllEnds(known)) {
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

  /** An entry from before the idle time-out was switched on does not say when the session was used. */
  private hasAllEnds({ session }: LiveSession): boolean {
    return session.idleAtMs !== undefined || !this.lifetimes.hasIdleTimeout;
  }
}
