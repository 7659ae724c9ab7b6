import type { DatedSession, RecordedSession } from '../session';
import type { SessionAttributes } from '../session-attributes';
import type { SessionLifetimes } from '../session-lifetimes';

/** A row of `sessions` as the driver returns it. */
export interface SessionRow {
  id: string;
  user_id: string;
  generation: number;
  role: string;
  created_at: Date;
  last_seen_at: Date;
  expires_at: Date;
  ip: string | null;
  user_agent: string | null;
  remembered: boolean;
  authenticated_at: Date | null;
  amr: string;
  attributes: SessionAttributes | null;
  details_version: number;
}

export function toSession(row: SessionRow, lifetimes: SessionLifetimes): DatedSession {
  const idleAtMs = lifetimes.idleAtMs(row.last_seen_at.getTime());
  return {
    id: row.id,
    userId: row.user_id,
    role: row.role,
    generation: row.generation,
    createdAtMs: row.created_at.getTime(),
    expiresAtMs: row.expires_at.getTime(),
    remembered: row.remembered,
    authenticatedAtMs: (row.authenticated_at ?? row.created_at).getTime(),
    amr: row.amr.split(' '),
    ...(idleAtMs !== undefined && { idleAtMs }),
    ...(row.attributes !== null && { attributes: row.attributes }),
    ...(row.details_version > 0 && { detailsVersion: row.details_version }),
  };
}

export function toRecordedSession(row: SessionRow, lifetimes: SessionLifetimes): RecordedSession {
  return {
    ...toSession(row, lifetimes),
    lastSeenAtMs: row.last_seen_at.getTime(),
    ip: row.ip,
    userAgent: row.user_agent,
  };
}
