import { Injectable } from '@nestjs/common';
import { AuditRecorder, type NewAuditEvent } from '#libs/audit';
import { UserCaches } from '#libs/cache';
import { EveryoneRevoker, SessionRevoker, UserSessionRevoker } from '#libs/session';
import { UserStore, type AccountChange, type ChangedAccount } from '#libs/user';
import { AccountNotFoundError } from '../auth.errors';

/** Administration of accounts. All methods throw DependencyUnavailableError. */
@Injectable()
export class AdminService {
  constructor(
    private readonly users: UserStore,
    private readonly sessions: UserSessionRevoker,
    private readonly oneSession: SessionRevoker,
    private readonly everyone: EveryoneRevoker,
    private readonly caches: UserCaches,
    private readonly events: AuditRecorder,
  ) {}

  /** @throws AccountNotFoundError */
  async requireAccount(userId: string): Promise<void> {
    if (!(await this.users.readProfile(userId))) {
      throw new AccountNotFoundError();
    }
  }

  /**
   * Changes role or state and, in the same transaction, revokes the user's sessions, so that none keeps the old role.
   * @throws AccountNotFoundError, LastAdministratorError
   */
  async changeAccount(userId: string, change: AccountChange): Promise<ChangedAccount> {
    const changes: ChangedAccount[] = [];
    await this.sessions.revokeAll(userId, {
      reason: change.disabled ? 'account_disabled' : 'role_change',
      beforeRevoke: async () => {
        const changed = await this.users.changeAccount(userId, change);
        if (!changed) {
          throw new AccountNotFoundError();
        }
        await this.caches.invalidateInTransaction(userId, changed);
        changes.push(changed);
      },
      afterRevoke: async (revokedSessions) => {
        for (const event of changes.flatMap((changed) =>
          eventsOf(changed, change, revokedSessions),
        )) {
          await this.events.recordInTransaction(event);
        }
      },
    });
    const [changed] = changes as [ChangedAccount];
    await this.caches.invalidate(userId, changed);
    return changed;
  }

  /**
   * Revokes all sessions of one user.
   * @returns the number of live sessions.
   * @throws AccountNotFoundError
   */
  async revokeSessions(userId: string): Promise<number> {
    await this.requireAccount(userId);
    return this.sessions.revokeAll(userId, { reason: 'revoked_by_administrator' });
  }

  /**
   * Revokes one session of a user. One query, one Redis round trip.
   * @throws SessionNotFoundError if the user has no live session with this id.
   */
  async revokeSession(userId: string, sessionId: string): Promise<void> {
    await this.oneSession.revokeById(userId, sessionId, 'revoked_by_administrator');
  }

  /**
   * Revokes the sessions of all users.
   * @returns the number of live sessions.
   */
  async revokeEveryone(): Promise<number> {
    return this.everyone.revokeEveryone();
  }
}

/** The audit events of a change; only the end of the sessions if nothing else has changed. */
function eventsOf(
  { profile, disabled, previous }: ChangedAccount,
  change: AccountChange,
  revokedSessions: number,
): NewAuditEvent[] {
  const { id: userId, role } = profile;
  const events: NewAuditEvent[] = [];
  if (role !== previous.role) {
    const details = { from: previous.role, to: role, revokedSessions };
    events.push({ name: 'role_changed', userId, details });
  }
  if (change.disabled) {
    const until = change.disabledUntil?.toISOString() ?? null;
    events.push({ name: 'account_disabled', userId, details: { revokedSessions, until } });
  } else if (disabled !== previous.disabled) {
    events.push({ name: 'account_enabled', userId, details: { revokedSessions } });
  }
  if (events.length === 0) {
    const details = { reason: 'revoked_by_administrator', revokedSessions } as const;
    events.push({ name: 'sessions_revoked', userId, details });
  }
  return events;
}
