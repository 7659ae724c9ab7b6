import type { RecordedEntry } from '#libs/sync';
import {
  ALL_SESSIONS_REVOKED,
  SESSION_REVOKED,
  type AllSessionsRevokedDetails,
  type SessionRevokedDetails,
} from '../store/session-changes';

/** A revocation as other services learn of it. */
export type Revocation =
  | {
      kind: 'session';
      sessionId: string;
      userId: string;
      /** An `EndReason`; of an older release `unknown`. */
      reason: string;
      /** The latest expiry of an access token of the session; Unix time in ms. */
      expiresAtMs: number;
    }
  | {
      /** All sessions of the user that began before, except the kept one. */
      kind: 'subject';
      userId: string;
      keptSessionId?: string | undefined;
      reason: string;
      /** By the clock of Postgres; Unix time in ms. */
      beforeMs: number;
    };

/** @returns null for an entry of the outbox that ends no session. */
export function revocationOf(entry: RecordedEntry): Revocation | null {
  const { kind, userId, details, recordedAtMs } = entry;
  switch (kind) {
    case SESSION_REVOKED: {
      const {
        sessionId,
        expiresAtMs,
        reason = 'unknown',
      } = details as Partial<SessionRevokedDetails>;
      return sessionId === undefined || expiresAtMs === undefined
        ? null
        : { kind: 'session', sessionId, userId, reason, expiresAtMs };
    }
    case ALL_SESSIONS_REVOKED: {
      const { reason = 'unknown', keptSessionId } = details as Partial<AllSessionsRevokedDetails>;
      return { kind: 'subject', userId, keptSessionId, reason, beforeMs: recordedAtMs };
    }
    default:
      return null;
  }
}
