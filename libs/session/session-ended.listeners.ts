import { Injectable, type OnModuleInit } from '@nestjs/common';
import { AuditRecorder, type AuditEventDetails } from '#libs/audit';
import { Database } from '#libs/database';
import { Metrics } from '#libs/metrics';
import { END_REASONS } from './session';
import { SessionEndedEvents, type SessionsEnded } from './session-ended';

/** Counts the ended sessions after the commit. */
@Injectable()
export class SessionEndedMetrics implements OnModuleInit {
  constructor(
    private readonly events: SessionEndedEvents,
    private readonly database: Database,
    private readonly metrics: Metrics,
  ) {}

  onModuleInit(): void {
    const count = this.metrics.sessions.revocations(END_REASONS);
    this.events.onEnded((ended) =>
      this.database.afterCommit(() => count(ended.reason, ended.count)),
    );
  }
}

/**
 * Records the end of sessions as audit events: of one session soon after, of all sessions of a user in the transaction
 * that revokes them.
 */
@Injectable()
export class SessionEndedAudit implements OnModuleInit {
  constructor(
    private readonly events: SessionEndedEvents,
    private readonly audit: AuditRecorder,
  ) {}

  onModuleInit(): void {
    this.events.onEnded((ended) => this.record(ended));
  }

  private async record({ userId, reason, count, ...where }: SessionsEnded): Promise<void> {
    switch (reason) {
      case 'logout':
      case 'refresh_token_reused':
        this.audit.record({ name: reason, userId, ...where, details: {} });
        return;
      case 'session_limit':
      case 'revoked_by_user':
      case 'revoked_by_administrator':
        if (where.sessionId === undefined && reason !== 'session_limit') {
          await this.recordSeveral(userId, reason, count);
          return;
        }
        this.audit.record({ name: 'session_revoked', userId, ...where, details: { reason } });
        return;
      case 'logout_all':
      case 'everyone_revoked':
        await this.recordSeveral(userId, reason, count);
        return;
      case 'password_change':
        await this.audit.recordInTransaction({
          name: 'password_changed',
          userId,
          details: { revokedSessions: count },
        });
        return;
      case 'account_deleted':
        await this.audit.recordInTransaction({
          name: 'account_deleted',
          userId,
          details: { revokedSessions: count },
        });
        return;
      case 'role_change':
      case 'account_disabled':
        // AdminService records these, with the details of the change.
        return;
      case 'canary':
        // No user's session.
        return;
    }
  }

  private async recordSeveral(
    userId: string,
    reason: AuditEventDetails['sessions_revoked']['reason'],
    revokedSessions: number,
  ): Promise<void> {
    const details = { reason, revokedSessions };
    await this.audit.recordInTransaction({ name: 'sessions_revoked', userId, details });
  }
}
