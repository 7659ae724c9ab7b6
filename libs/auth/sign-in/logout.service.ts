import { Injectable } from '@nestjs/common';
import { SessionRevoker, UserSessionRevoker, type Session } from '#libs/session';
import { ProfileCache } from '#libs/user';

/** Revokes sessions for their user, and clears the cached profile. Methods throw DependencyUnavailableError. */
@Injectable()
export class LogoutService {
  constructor(
    private readonly sessions: SessionRevoker,
    private readonly allSessions: UserSessionRevoker,
    private readonly profiles: ProfileCache,
  ) {}

  /** Revokes this session. Idempotent. See SessionRevoker.revoke. */
  async logout(session: Session): Promise<void> {
    await this.sessions.revoke(session, 'logout');
    await this.profiles.clear(session.userId);
  }

  /**
   * Revokes all sessions of the user, this one included.
   * @returns the number of live sessions.
   */
  async logoutAll(userId: string): Promise<number> {
    const revoked = await this.allSessions.revokeAll(userId, { reason: 'logout_all' });
    await this.profiles.clear(userId);
    return revoked;
  }
}
