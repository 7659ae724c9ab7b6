import { Injectable } from '@nestjs/common';
import { SessionRevoker, UserSessionRevoker, type Session } from '#libs/session';
import { ProfileCache } from '#libs/user';

/** Ends sessions for their user, and clears the cached profile. Methods throw DependencyUnavailableError. */
@Injectable()
export class LogoutService {
  constructor(
    private readonly sessions: SessionRevoker,
    private readonly allSessions: UserSessionRevoker,
    private readonly profiles: ProfileCache,
  ) {}

  /** Ends this session. Idempotent. See SessionRevoker.revoke. */
  async logout(session: Session): Promise<void> {
    await this.sessions.revoke(session, 'logout');
    await this.profiles.clear(session.userId);
  }

  /** Ends every session of the user, this one too. @returns how many were alive. */
  async logoutAll(userId: string): Promise<number> {
    const revoked = await this.allSessions.revokeAll(userId, { reason: 'logout_all' });
    await this.profiles.clear(userId);
    return revoked;
  }
}
