import type { OutboxEntry } from '#libs/sync';

export const SESSION_REVOKED = 'session-revoked';
export const ALL_SESSIONS_REVOKED = 'all-sessions-revoked';

/** What Redis has to learn of one revoked session. */
export interface SessionRevokedDetails {
  sessionId: string;
  /** The latest expiry of an access token of the session. */
  expiresAtMs: number;
}

/** What Redis has to learn when all sessions of a user are revoked. */
export interface AllSessionsRevokedDetails {
  generation: number;
}

/** The outbox entries of the session library. */
export const sessionChanges = {
  allRevoked: (userId: string, generation: number): OutboxEntry => ({
    kind: ALL_SESSIONS_REVOKED,
    userId,
    details: { generation } satisfies AllSessionsRevokedDetails,
  }),

  /** SQL that selects an entry for each row of sessions that a statement ended. */
  revokedFrom: (ended: string) =>
    `SELECT '${SESSION_REVOKED}', user_id, jsonb_build_object(
       'sessionId', id, 'expiresAtMs', floor(extract(epoch FROM tokens_expire_at) * 1000)::bigint)
       FROM ${ended}`,
};
