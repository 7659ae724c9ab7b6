import { Injectable } from '@nestjs/common';
import { Clock, deleteInBatches } from '#libs/common';
import type { RecordedSession } from './session';
import { SessionRepository, type SessionCursor } from './store/session.repository';

/** The sessions of a user as Postgres has them. Methods throw DependencyUnavailableError while it is away. */
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

  /** Deletes the records of a user's sessions, once they are all revoked, in bounded batches. */
  async deleteRecords(userId: string): Promise<void> {
    await deleteInBatches((limit) => this.sessions.deleteSessions(userId, limit));
  }
}
