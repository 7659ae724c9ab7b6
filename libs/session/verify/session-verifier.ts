import { Injectable } from '@nestjs/common';
import { Clock } from '#libs/common';
import type { Session } from '../session';
import { SessionExpiredError, SessionRevokedError } from '../session.errors';
import { LastSeenTracker } from './last-seen.tracker';
import { RecordLookup, type FoundSession } from './record-lookup';
import { SessionLookup } from './session-lookup';

export interface VerifiedSession {
  session: Session;
  /** The cached profile, if it was requested and exists. */
  cachedProfile: string | null;
}

/** Verifies that sessions are alive. Methods throw DependencyUnavailableError if no store can tell. */
@Injectable()
export class SessionVerifier {
  constructor(
    private readonly lookup: SessionLookup,
    private readonly records: RecordLookup,
    private readonly lastSeen: LastSeenTracker,
    private readonly clock: Clock,
  ) {}

  /**
   * Verifies that a session is alive. One Redis round trip and no Postgres query for a session in Redis; a share of a
   * query if Redis lacks it or is stale.
   * @param profileKey key of the user's cached profile, to read in the same round trip.
   * @throws SessionExpiredError, SessionRevokedError
   */
  verify(userId: string, sessionId: string, profileKey?: string): Promise<VerifiedSession> {
    return this.lookup.find(userId, sessionId, profileKey).then((found) => this.expectLive(found));
  }

  /**
   * As `verify`, from Postgres alone: for a client that repeats a revocation that was not recorded, while its tombstone
   * is in Redis. A share of a query.
   */
  async verifyRecorded(userId: string, sessionId: string): Promise<VerifiedSession> {
    return this.expectLive(await this.records.find(userId, sessionId));
  }

  private expectLive(found: FoundSession): VerifiedSession {
    if (found.state === 'live') {
      this.lastSeen.note(found.session, this.clock.nowMs());
      return found;
    }
    throw found.state === 'expired' ? new SessionExpiredError() : new SessionRevokedError();
  }
}
