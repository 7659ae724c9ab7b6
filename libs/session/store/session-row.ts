import type { DatedSession, RecordedSession } from '../session';

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
}

export function toSession(row: SessionRow): DatedSession {
  return {
    id: row.id,
    userId: row.user_id,
    role: row.role,
    generation: row.generation,
    createdAtMs: row.created_at.getTime(),
    expiresAtMs: row.expires_at.getTime(),
  };
}

export function toRecordedSession(row: SessionRow): RecordedSession {
  return {
    ...toSession(row),
    lastSeenAtMs: row.last_seen_at.getTime(),
    ip: row.ip,
    userAgent: row.user_agent,
  };
}
