import type { RequestOrigin } from '#libs/common';

type NoDetails = Record<string, never>;

/** All audit events, with their details in addition to user, time and origin. Names are stable. */
export interface AuditEventDetails {
  account_registered: NoDetails;
  account_created: { role: string };
  account_imported: { role: string; disabled: boolean };
  invitation_created: { invitationId: string; role: string; expiresAt: string };
  invitation_used: { invitationId: string };
  invitation_deleted: { invitationId: string };
  login_succeeded: NoDetails;
  login_failed: { reason: 'unknown_account' | 'wrong_password' | 'account_disabled' };
  login_refused_by_limit: { limit: 'account' | 'address' };
  introspection_refused: NoDetails;
  logout: NoDetails;
  refresh_token_reused: NoDetails;
  session_revoked: { reason: 'revoked_by_user' | 'revoked_by_administrator' | 'session_limit' };
  sessions_revoked: {
    reason: 'logout_all' | 'revoked_by_user' | 'revoked_by_administrator' | 'everyone_revoked';
    revokedSessions: number;
  };
  identity_not_proved: { purpose: 'password_change' | 'account_deletion' | 'reauthentication' };
  reauthenticated: NoDetails;
  password_changed: { revokedSessions: number };
  role_changed: { from: string; to: string; revokedSessions: number };
  account_disabled: { revokedSessions: number; until: string | null };
  account_enabled: { revokedSessions: number };
  account_deleted: { revokedSessions: number };
}

export type AuditEventName = keyof AuditEventDetails;

/** The log level of each event; `warn` for a possible attack. */
export const AUDIT_EVENT_LEVELS: Record<AuditEventName, 'info' | 'warn'> = {
  account_registered: 'info',
  account_created: 'info',
  account_imported: 'info',
  invitation_created: 'info',
  invitation_used: 'info',
  invitation_deleted: 'info',
  login_succeeded: 'info',
  login_failed: 'warn',
  login_refused_by_limit: 'warn',
  introspection_refused: 'warn',
  logout: 'info',
  refresh_token_reused: 'warn',
  session_revoked: 'info',
  sessions_revoked: 'info',
  identity_not_proved: 'warn',
  reauthenticated: 'info',
  password_changed: 'info',
  role_changed: 'info',
  account_disabled: 'info',
  account_enabled: 'info',
  account_deleted: 'info',
};

/** An event for the recorder. Absent fields are taken from the request. */
export type NewAuditEvent = {
  [Name in AuditEventName]: {
    name: Name;
    /** The user whom it concerns; null for an account that does not exist. */
    userId: string | null;
    sessionId?: string;
    origin?: RequestOrigin;
    details: AuditEventDetails[Name];
  };
}[AuditEventName];

/** An event as stored. */
export interface AuditEvent {
  /** UUID. */
  id: string;
  name: AuditEventName;
  /** Milliseconds since the Unix epoch. */
  occurredAtMs: number;
  /** The user whom it concerns; null for an account that does not exist. */
  userId: string | null;
  /** The session that the event concerns or in which it occurred. */
  sessionId: string | null;
  /** The acting user, if that is another user: an administrator. */
  actorId: string | null;
  ip: string | null;
  userAgent: string | null;
  requestId: string | null;
  details: AuditEventDetails[AuditEventName];
}
