import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '#libs/common';
import { serializeError } from '#libs/log';
import { SessionRepository } from '../store/session.repository';
import { forEachUser } from './for-each-user';
import { UserSessionRevoker } from './user-session-revoker';

/** Users whose sessions are ended by one statement after another. */
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
   * Ends every session of every user, one user after another. A sign-in that happens meanwhile may
   * survive, if its user's turn was over. See `forEachUser`, also for what it throws.
   * @returns how many live sessions this call ended.
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
          this.logger.error({ err: serializeError(error) }, 'sessions of a user not revoked yet'),
      });
    } finally {
      if (notInRedis.length > 0) {
        await this.users.waitUntilConsistent();
      }
    }
    return total;
  }
}
