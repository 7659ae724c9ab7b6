import { Injectable } from '@nestjs/common';
import { Clock, deleteInBatches } from '#libs/common';
import type { RecordedSession } from './session';
import { SessionRepository, type SessionCursor } from './store/session.repository';

/** The sessions of a user in Postgres. Methods throw DependencyUnavailableError while it is unavailable. */
@Injectable()
export class SessionList {
  constructor(
    private readonly sessions: SessionRepository,
    private readonly clock: Clock,
  ) {}

  /** A page of a user's live sessions, newest first. One query. */
  async list(userId: string, limit: number, after?: SessionCursor): Promise<RecordedSession[]> {
    return this.sessions.list(userId, this.clock.nowMs(), limit, after);
  }

  /** How many live sessions users have, of each up to 1,000; a user without any is absent. One query for any number. */
  async countOf(userIds: readonly string[]): Promise<Map<string, number>> {
    return this.sessions.countLive(userIds, this.clock.nowMs());
  }

  /** Deletes the records of a user's sessions, after their revocation, in bounded batches. */
  async deleteRecords(userId: string): Promise<void> {
    await deleteInBatches((limit) => this.sessions.deleteSessions(userId, limit));
  }
}
