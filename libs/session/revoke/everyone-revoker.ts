import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '#libs/common';
import { serializeError } from '#libs/log';
import { SessionRepository } from '../store/session.repository';
import { forEachUser } from './for-each-user';
import { UserSessionRevoker } from './user-session-revoker';

/** Users per page. Each user takes one transaction. */
const BATCH = 200;

@Injectable()
export class EveryoneRevoker {
  private readonly logger = new Logger('Session');

  constructor(
    private readonly sessions: SessionRepository,
    private readonly users: UserSessionRevoker,
    private readonly clock: Clock,
  ) {}

  /**
   * Revokes all sessions of all users, one user after another. A concurrent sign-in may survive if it comes after its
   * user's turn. See `forEachUser`, also for its errors.
   * @returns the number of live sessions that this call revoked.
   */
  async revokeEveryone(): Promise<number> {
    let total = 0;
    const notInRedis: string[] = [];
    const work = async (userId: string) => {
      const revoked = await this.users.tryRevokeAll(userId, 'everyone_revoked');
      total += revoked.count;
      if (!revoked.isInRedis) {
        notInRedis.push(userId);
      }
    };
    try {
      await forEachUser({
        page: (after) => this.sessions.usersWithSessions(this.clock.nowMs(), BATCH, after),
        pageSize: BATCH,
        work,
        onFailure: (error) =>
          this.logger.error(
            { err: serializeError(error) },
            'the sessions of a user could not be revoked yet',
          ),
      });
    } finally {
      if (notInRedis.length > 0) {
        await this.users.waitUntilConsistent(notInRedis);
      }
    }
    return total;
  }
}
