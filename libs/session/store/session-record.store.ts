import { isIP } from 'node:net';
import { Injectable } from '@nestjs/common';
import { Database } from '#libs/database';
import type { ClientDetails, RevocationReason, Session } from '../session';

const FIRST_GENERATION = 1;
const USER_AGENT_MAX_LENGTH = 512;

/** A session that a revocation ended: what is needed to put up its tombstone. */
export interface RevokedSession {
  id: string;
  expiresAtMs: number;
}

/**
 * The durable record of sessions in Postgres. It is right whenever Redis says otherwise; every
 * change is written here first. All methods throw DependencyUnavailableError when Postgres is away.
 */
@Injectable()
export class SessionRecordStore {
  constructor(private readonly database: Database) {}

  /** The user's generation; a user without any session yet has the first. One query. */
  async generationOf(userId: string): Promise<number> {
    const rows = await this.query<{ generation: number }>(
      'SELECT generation FROM subjects WHERE user_id = $1',
      [userId],
    );
    return rows[0]?.generation ?? FIRST_GENERATION;
  }

  /**
   * Records a new session, unless the user's generation has moved past the session's.
   * The row lock makes this wait for a revoke-all in progress, and the other way round.
   * @returns false when the generation has moved: nothing was recorded.
   */
  async insert(session: Session, client: ClientDetails): Promise<boolean> {
    if (await this.insertUnderSubject(session, client)) {
      return true;
    }
    if (session.generation !== FIRST_GENERATION) {
      return false;
    }
    await this.createSubject(session.userId);
    return this.insertUnderSubject(session, client);
  }

  /** Ends one session. Idempotent: a session already ended keeps its first reason. One query. */
  async revoke(sessionId: string, userId: string, reason: RevocationReason, nowMs: number) {
    await this.query(
      `UPDATE sessions SET revoked_at = $3, revoked_reason = $4
        WHERE id = $1 AND user_id = $2 AND revoked_at IS NULL`,
      [sessionId, userId, new Date(nowMs), reason],
    );
  }

  /**
   * Raises the user's generation and ends every live session, together.
   * @param alongside more to do in the same transaction, before the generation is raised.
   * @returns the new generation and the sessions that this call ended.
   */
  async revokeAll(
    userId: string,
    reason: RevocationReason,
    nowMs: number,
    alongside?: () => Promise<void>,
  ): Promise<{ generation: number; revoked: RevokedSession[] }> {
    return this.database.transaction(async () => {
      await alongside?.();
      await this.createSubject(userId);
      const raised = await this.query<{ generation: number }>(
        `WITH raised AS (
           UPDATE subjects SET generation = generation + 1 WHERE user_id = $1 RETURNING generation
         ) SELECT generation FROM raised`,
        [userId],
      );
      const rows = await this.query<{ id: string; expires_at: Date }>(
        `WITH ended AS (
           UPDATE sessions SET revoked_at = $2, revoked_reason = $3
            WHERE user_id = $1 AND revoked_at IS NULL AND expires_at > $2
            RETURNING id, expires_at
         ) SELECT id, expires_at FROM ended`,
        [userId, new Date(nowMs), reason],
      );
      return {
        generation: raised[0]?.generation ?? FIRST_GENERATION,
        revoked: rows.map((row) => ({ id: row.id, expiresAtMs: row.expires_at.getTime() })),
      };
    });
  }

  private async insertUnderSubject(session: Session, client: ClientDetails): Promise<boolean> {
    const rows = await this.query(
      `INSERT INTO sessions
         (id, user_id, generation, role, created_at, last_seen_at, expires_at, ip, user_agent)
       SELECT $1, user_id, generation, $4, $5, $5, $6, $7, $8
         FROM subjects WHERE user_id = $2 AND generation = $3 FOR SHARE
       RETURNING id`,
      [
        session.id,
        session.userId,
        session.generation,
        session.role,
        new Date(session.createdAtMs),
        new Date(session.expiresAtMs),
        client.ip && isIP(client.ip) ? client.ip : null,
        client.userAgent?.slice(0, USER_AGENT_MAX_LENGTH) ?? null,
      ],
    );
    return rows.length === 1;
  }

  private async createSubject(userId: string): Promise<void> {
    await this.query('INSERT INTO subjects (user_id) VALUES ($1) ON CONFLICT DO NOTHING', [userId]);
  }

  private query<Row>(sql: string, parameters: unknown[]): Promise<Row[]> {
    return this.database.run((manager) => manager.query<Row[]>(sql, parameters));
  }
}
