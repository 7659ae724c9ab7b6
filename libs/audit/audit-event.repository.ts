import { Injectable } from '@nestjs/common';
import { Database } from '#libs/database';
import type { AuditEvent } from './audit-event';

/** A page of a list begins after this event. */
export interface EventCursor {
  occurredAtMs: number;
  id: string;
}

interface EventRow {
  id: string;
  occurred_at: Date;
  name: AuditEvent['name'];
  user_id: string | null;
  session_id: string | null;
  actor_id: string | null;
  ip: string | null;
  user_agent: string | null;
  request_id: string | null;
  details: AuditEvent['details'];
}

/** The table of audit events. Methods throw DependencyUnavailableError while Postgres is unavailable. */
@Injectable()
export class AuditEventRepository {
  constructor(private readonly database: Database) {}

  /**
   * Inserts events, in the surrounding transaction if there is one. One query for any number. Existing rows stay, so a
   * repetition after a failure is safe.
   */
  async insert(events: readonly AuditEvent[]): Promise<void> {
    await this.query(
      `INSERT INTO audit_events
         (id, occurred_at, name, user_id, session_id, actor_id, ip, user_agent, request_id, details)
       SELECT * FROM jsonb_to_recordset($1) AS event
         (id uuid, occurred_at timestamptz, name text, user_id uuid, session_id uuid,
          actor_id uuid, ip inet, user_agent text, request_id text, details jsonb)
       ON CONFLICT (id) DO NOTHING`,
      [JSON.stringify(events.map(toRow))],
    );
  }

  /** Events that concern a user, newest first. One query. */
  async list(userId: string, limit: number, after?: EventCursor): Promise<AuditEvent[]> {
    const rows = await this.query<EventRow>(
      `SELECT event.*, host(event.ip) AS ip FROM audit_events event
        WHERE user_id = $1
          AND ($3::timestamptz IS NULL OR (occurred_at, id) < ($3, $4::uuid))
        ORDER BY occurred_at DESC, id DESC LIMIT $2`,
      [userId, limit, after ? new Date(after.occurredAtMs) : null, after?.id],
    );
    return rows.map(toEvent);
  }

  /** The newest event of a user with one of these names. One query. */
  async findLast(userId: string, names: readonly AuditEvent['name'][]): Promise<AuditEvent | null> {
    const rows = await this.query<EventRow>(
      `SELECT event.*, host(event.ip) AS ip FROM audit_events event
        WHERE user_id = $1 AND name = ANY($2) ORDER BY occurred_at DESC, id DESC LIMIT 1`,
      [userId, names],
    );
    return rows[0] ? toEvent(rows[0]) : null;
  }

  /**
   * Deletes events that occurred before an instant, the oldest first. Concurrent callers share the work. One query.
   * @returns the number of deleted events; fewer than `limit` when no more are left.
   */
  async deleteBefore(beforeMs: number, limit: number): Promise<number> {
    return this.database.delete(
      `DELETE FROM audit_events WHERE id IN (
         SELECT id FROM audit_events WHERE occurred_at < $1
          ORDER BY occurred_at LIMIT $2 FOR UPDATE SKIP LOCKED)`,
      [new Date(beforeMs), limit],
    );
  }

  private query<Row>(sql: string, parameters: unknown[]): Promise<Row[]> {
    return this.database.run((manager) => manager.query<Row[]>(sql, parameters));
  }
}

function toRow(event: AuditEvent): EventRow {
  return {
    id: event.id,
    occurred_at: new Date(event.occurredAtMs),
    name: event.name,
    user_id: event.userId,
    session_id: event.sessionId,
    actor_id: event.actorId,
    ip: event.ip,
    user_agent: event.userAgent,
    request_id: event.requestId,
    details: event.details,
  };
}

function toEvent(row: EventRow): AuditEvent {
  return {
    id: row.id,
    occurredAtMs: row.occurred_at.getTime(),
    name: row.name,
    userId: row.user_id,
    sessionId: row.session_id,
    actorId: row.actor_id,
    ip: row.ip,
    userAgent: row.user_agent,
    requestId: row.request_id,
    details: row.details,
  };
}
