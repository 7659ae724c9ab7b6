import type { DataSource } from 'typeorm';
import { EventQueue } from '../../libs/audit/event-queue';
import type { TestApp } from './app';

/** A row of the table. */
export interface AuditRow {
  id: string;
  occurred_at: Date;
  name: string;
  user_id: string | null;
  session_id: string | null;
  actor_id: string | null;
  ip: string | null;
  user_agent: string | null;
  request_id: string | null;
  details: Record<string, unknown>;
}

/** All rows, or those of a user, the oldest first. */
export function auditRows(sql: DataSource, userId?: string): Promise<AuditRow[]> {
  return sql.query(
    `SELECT *, host(ip) AS ip FROM audit_events WHERE $1::uuid IS NULL OR user_id = $1
      ORDER BY occurred_at`,
    [userId ?? null],
  );
}

/** The rows of one request, after the waiting events are written. */
export async function rowsOfRequest(app: TestApp, requestId: string): Promise<AuditRow[]> {
  await app.nest.get(EventQueue).flush();
  const rows = await auditRows(app.database.sql);
  return rows.filter((row) => row.request_id === requestId);
}

/** The log lines of events, in order. */
export function loggedEvents(app: TestApp): Record<string, unknown>[] {
  return app.log
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter((line) => line.event !== undefined);
}
