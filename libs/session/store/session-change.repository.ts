import { Injectable } from '@nestjs/common';
import { Clock } from '#libs/common';
import { Database } from '#libs/database';
import { appendToOutbox } from '#libs/sync';
import type { DatedSession } from '../session';
import type { SessionAttributes } from '../session-attributes';
import { SessionLifetimes } from '../session-lifetimes';
import { sessionChanges } from './session-changes';
import { toSession, type SessionRow } from './session-row';

/**
 * Changes the details of sessions in Postgres and appends the change to the outbox in the same transaction. One query
 * for each method. All methods return null for a session that is not alive, and throw DependencyUnavailableError while
 * Postgres is unavailable.
 */
@Injectable()
export class SessionChangeRepository {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly lifetimes: SessionLifetimes,
  ) {}

  /** Records a proof of the user's identity, now, and its method. */
  async prove(sessionId: string, userId: string, method: string): Promise<DatedSession | null> {
    return this.change(
      `authenticated_at = GREATEST(authenticated_at, $1),
       amr = CASE WHEN $4 = ANY(string_to_array(amr, ' ')) THEN amr ELSE amr || ' ' || $4 END`,
      [sessionId, userId, method],
    );
  }

  /** Replaces the attributes. */
  async setAttributes(
    sessionId: string,
    userId: string,
    attributes: SessionAttributes,
  ): Promise<DatedSession | null> {
    return this.change('attributes = $4::jsonb', [sessionId, userId, JSON.stringify(attributes)]);
  }

  /** @param parameters from $2 on: session, user, and those of the change. */
  private async change(assignments: string, parameters: unknown[]): Promise<DatedSession | null> {
    // The generation of a session may be above the one that the statement reads: see SessionRevocationRepository.
    const sql = `WITH changed AS (
        UPDATE sessions SET details_version = details_version + 1, ${assignments}
         WHERE id = $2 AND user_id = $3 AND revoked_at IS NULL AND ${this.lifetimes.isNotOver('$1')}
           AND generation >= (SELECT generation FROM subjects WHERE subjects.user_id = sessions.user_id)
        RETURNING sessions.*),
      noted AS (${appendToOutbox(sessionChanges.changedFrom('changed'))})
      SELECT * FROM changed`;
    const now = new Date(this.clock.nowMs());
    const rows = await this.database.run((manager) =>
      manager.query<SessionRow[]>(sql, [now, ...parameters]),
    );
    return rows[0] ? toSession(rows[0], this.lifetimes) : null;
  }
}
