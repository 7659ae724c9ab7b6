import { Injectable } from '@nestjs/common';
import { AccountNotFoundError } from '#libs/auth';
import { SessionList } from '#libs/session';
import {
  UserDirectory,
  type DirectoryCursor,
  type DirectoryQuery,
  type DirectoryUser,
  type Profile,
} from '#libs/user';

/** An account as the API and the command line show it to administrators. Instants are ISO 8601, UTC. */
export interface AdminUser extends Profile, Omit<DirectoryUser, 'profile'> {
  /** Counted up to 1,000. */
  activeSessions: number;
}

/** Accounts with their sessions. Methods throw DependencyUnavailableError while Postgres is unavailable. */
@Injectable()
export class AdminUsers {
  constructor(
    private readonly directory: UserDirectory,
    private readonly sessions: SessionList,
  ) {}

  /** See `UserDirectory.list`. One more query for the sessions of the page. */
  async list(
    query: DirectoryQuery,
    limit: number,
    after?: DirectoryCursor,
  ): Promise<{ users: AdminUser[]; next: DirectoryCursor | null }> {
    const { users, next } = await this.directory.list(query, limit, after);
    return { users: await this.withSessions(users), next };
  }

  /**
   * Two queries.
   * @throws AccountNotFoundError
   */
  async get(userId: string): Promise<AdminUser> {
    const found = await this.directory.find(userId);
    const [user] = found ? await this.withSessions([found]) : [];
    if (!user) {
      throw new AccountNotFoundError();
    }
    return user;
  }

  private async withSessions(users: readonly DirectoryUser[]): Promise<AdminUser[]> {
    const counts = await this.sessions.countOf(users.map(({ profile }) => profile.id));
    return users.map(({ profile, ...state }) => ({
      ...profile,
      ...state,
      activeSessions: counts.get(profile.id) ?? 0,
    }));
  }
}
