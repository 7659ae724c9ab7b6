import { Injectable } from '@nestjs/common';
import { ProfileCacheService } from '#libs/profile-cache';
import { SessionService } from '#libs/session';
import { UserStore, type AccountChange, type AccountState } from '#libs/user';
import { AccountNotFoundError } from './auth.errors';

/** What administrators do to accounts. Throws DependencyUnavailableError throughout. */
@Injectable()
export class AdminService {
  constructor(
    private readonly users: UserStore,
    private readonly sessions: SessionService,
    private readonly profiles: ProfileCacheService,
  ) {}

  /** @throws AccountNotFoundError */
  async requireAccount(userId: string): Promise<void> {
    if (!(await this.users.readProfile(userId))) {
      throw new AccountNotFoundError();
    }
  }

  /**
   * Changes role or state and, in the same transaction, ends the user's sessions: none of them goes
   * on with the old role.
   * @throws AccountNotFoundError
   */
  async changeAccount(userId: string, change: AccountChange): Promise<AccountState> {
    const changes: AccountState[] = [];
    await this.sessions.revokeAll(userId, {
      reason: change.disabled ? 'account-disabled' : 'role-change',
      alongside: async () => {
        const changed = await this.users.changeAccount(userId, change);
        if (!changed) {
          throw new AccountNotFoundError();
        }
        await this.profiles.announce(changed);
        changes.push(changed);
      },
    });
    const [state] = changes as [AccountState];
    await this.profiles.outdate(state);
    return state;
  }

  /** Ends all sessions of one user. @returns how many. @throws AccountNotFoundError */
  async revokeSessions(userId: string): Promise<number> {
    await this.requireAccount(userId);
    return this.sessions.revokeAll(userId, { reason: 'revoked-by-admin' });
  }

  /** Ends everyone's sessions. @returns how many. */
  async revokeEveryone(): Promise<number> {
    return this.sessions.revokeEveryone('revoked-by-admin');
  }
}
