import { Injectable } from '@nestjs/common';
import { UserCaches } from '#libs/cache';
import { SessionRevoker, UserSessionRevoker, type Session } from '#libs/session';

/** Revokes sessions for their user, and clears the user's caches. Methods throw DependencyUnavailableError. */
@Injectable()
export class LogoutService {
  constructor(
    private readonly sessions: SessionRevoker,
    private readonly allSessions: UserSessionRevoker,
    private readonly caches: UserCaches,
  ) {}

  /** Revokes this session. Idempotent. See SessionRevoker.revoke. */
  async logout(session: Session): Promise<void> {
    await this.sessions.revoke(session, 'logout');
    await this.caches.clear(session.userId);
  }

  /**
   * Revokes all sessions of the user, this one included.
   * @returns the number of live sessions.
   */
  async logoutAll(userId: string): Promise<number> {
    const revoked = await this.allSessions.revokeAll(userId, { reason: 'logout_all' });
    await this.caches.clear(userId);
    return revoked;
  }
}
