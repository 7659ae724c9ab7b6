import type { OutboxEntry } from '#libs/sync';
import type { EndReason } from '../session';

export const SESSION_REVOKED = 'session-revoked';
export const SESSION_CHANGED = 'session-changed';
export const ALL_SESSIONS_REVOKED = 'all-sessions-revoked';

/** The change of one revoked session for Redis. */
export interface SessionRevokedDetails {
  sessionId: string;
  /** The latest expiry of an access token of the session. */
  expiresAtMs: number;
  /** Absent in entries of an older release. */
  reason?: EndReason;
}

/** The change of a revoke-all for Redis. */
export interface AllSessionsRevokedDetails {
  generation: number;
  /** The session that goes on, in the new generation. Absent: all have ended. */
  keptSessionId?: string;
  /** Absent in entries of an older release. */
  reason?: EndReason;
}

/** The change of the details of a session for Redis. */
export interface SessionChangedDetails {
  sessionId: string;
  generation: number;
  expiresAtMs: number;
  /** Of the details. */
  version: number;
}

/** The outbox entries of the session library. */
export const sessionChanges = {
  allRevoked: (
    userId: string,
    generation: number,
    reason: EndReason,
    keptSessionId?: string,
  ): OutboxEntry => ({
    kind: ALL_SESSIONS_REVOKED,
    userId,
    details: {
      generation,
      reason,
      ...(keptSessionId !== undefined && { keptSessionId }),
    } satisfies AllSessionsRevokedDetails,
  }),

  /** SQL that selects an entry for each session whose details a statement changed. */
  changedFrom: (changed: string) =>
    `SELECT '${SESSION_CHANGED}', user_id, jsonb_build_object(
       'sessionId', id, 'generation', generation, 'version', details_version,
       'expiresAtMs', floor(extract(epoch FROM expires_at) * 1000)::bigint)
       FROM ${changed}`,

  /** SQL that selects an entry for each session that a statement ended. */
  revokedFrom: (ended: string) =>
    `SELECT '${SESSION_REVOKED}', user_id, jsonb_build_object(
       'sessionId', id, 'expiresAtMs', floor(extract(epoch FROM tokens_expire_at) * 1000)::bigint,
       'reason', revoked_reason)
       FROM ${ended}`,
};
