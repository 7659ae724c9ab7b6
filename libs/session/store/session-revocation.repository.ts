import { Injectable } from '@nestjs/common';
import { Clock } from '#libs/common';
import { Database } from '#libs/database';
import { appendToOutbox, Outbox } from '#libs/sync';
import type { EndReason } from '../session';
import { SessionLifetimes } from '../session-lifetimes';
import { SessionRevokedError } from '../session.errors';
import { sessionChanges } from './session-changes';
import { SubjectRepository } from './subject.repository';

/**
 * Parts of the statements that end sessions; $1 is now, $2 the reason. The generation of a session may be above the one
 * that the statement reads: it has waited for a `revokeAll` that kept the session.
 */
const END_SESSIONS = 'UPDATE sessions SET revoked_at = $1, revoked_reason = $2 WHERE';
const IS_CURRENT = `revoked_at IS NULL AND generation >=
  (SELECT generation FROM subjects WHERE subjects.user_id = sessions.user_id)`;
/** A session without an expiry of its tokens: none of them outlives it. */
const RETURN_ENDED = `RETURNING sessions.id, sessions.user_id,
  COALESCE(sessions.tokens_expire_at, sessions.expires_at) AS tokens_expire_at, sessions.revoked_reason`;

/** Sessions per user that one transaction marks as revoked, and one script gives tombstones. */
const MARKED_AT_ONCE = 250;
/** Sessions that one statement marks beyond that. */
const MORE_AT_ONCE = 1_000;

/** Sessions of a user with generations in this range, both ends included. */
interface Generations {
  userId: string;
  from: number;
  to: number;
}

interface EndedRow {
  id: string;
  tokens_expire_at: Date;
}

/** A revoked session with the data of its tombstone. */
export interface RevokedSession {
  id: string;
  /** The latest expiry of its access tokens; Unix time in ms. */
  tokensExpireAtMs: number;
}

/** The effect of one revoke-all on one user. */
export interface RevokedUser {
  userId: string;
  /** All sessions of an earlier generation are revoked. */
  generation: number;
  /** The session that was moved to this generation. */
  keptSessionId?: string | undefined;
  /** The number of live sessions that it revoked. */
  count: number;
  /** The sessions that were marked in the same transaction: all, up to 250. */
  revoked: RevokedSession[];
}

/** A session that goes on, and further work in the transaction of a revoke-all. */
export interface RevokeAllHooks {
  keptSessionId?: string | undefined;
  beforeRevoke?: (() => Promise<void>) | undefined;
  /** Called with the number of live sessions. */
  afterRevoke?: ((revokedSessions: number) => Promise<void>) | undefined;
}

/**
 * Ends sessions in Postgres and appends the change to the outbox in the same transaction. All methods throw
 * DependencyUnavailableError while Postgres is unavailable.
 */
@Injectable()
export class SessionRevocationRepository {
  constructor(
    private readonly database: Database,
    private readonly outbox: Outbox,
    private readonly subjects: SubjectRepository,
    private readonly clock: Clock,
    private readonly lifetimes: SessionLifetimes,
  ) {}

  /**
   * Ends one session of a user. One query.
   * @returns null if there is no live session with this id; an ended session keeps its reason.
   */
  async revoke(
    sessionId: string,
    userId: string,
    reason: EndReason,
  ): Promise<RevokedSession | null> {
    const nowMs = this.clock.nowMs();
    const rows = await this.revokeWhere('id = $3 AND user_id = $4', nowMs, reason, [
      sessionId,
      userId,
    ]);
    return rows[0] ?? null;
  }

  /**
   * Raises the user's generation, which revokes all sessions, and marks up to 250 of them, in one transaction. Only the
   * count depends on the number of sessions. A session to keep moves to the new generation in the same transaction.
   * @throws SessionRevokedError if the session to keep is not alive; nothing is revoked.
   */
  async revokeAll(
    userId: string,
    reason: EndReason,
    { keptSessionId, beforeRevoke, afterRevoke }: RevokeAllHooks = {},
  ): Promise<RevokedUser> {
    const nowMs = this.clock.nowMs();
    return this.database.transaction(async () => {
      await beforeRevoke?.();
      await this.subjects.create(userId);
      const generation = await this.subjects.raiseGeneration(userId);
      if (keptSessionId !== undefined) {
        await this.keep(keptSessionId, userId, generation, nowMs);
      }
      await this.outbox.append(
        sessionChanges.allRevoked(userId, generation, reason, keptSessionId),
      );
      // No session of an earlier generation was still alive.
      const lived = { userId, from: generation - 1, to: generation - 1 };
      const revoked = await this.mark(lived, reason, nowMs, MARKED_AT_ONCE);
      const unmarked = revoked.length < MARKED_AT_ONCE ? 0 : await this.countUnmarked(lived, nowMs);
      const count = revoked.length + unmarked;
      await afterRevoke?.(count);
      return { userId, generation, keptSessionId, count, revoked };
    });
  }

  /**
   * Marks up to 1,000 of the sessions that `revokeAll` has revoked without marking: unmarked rows only slow later
   * searches for the user's sessions down. One query.
   * @returns whether there are more.
   */
  async markMore({ userId, generation }: RevokedUser, reason: EndReason): Promise<boolean> {
    const nowMs = this.clock.nowMs();
    const dead = { userId, from: 0, to: generation - 1 };
    return (await this.mark(dead, reason, nowMs, MORE_AT_ONCE)).length === MORE_AT_ONCE;
  }

  /** @param condition SQL with its parameters from $3 on. */
  async revokeWhere(
    condition: string,
    nowMs: number,
    reason: EndReason,
    parameters: unknown[],
  ): Promise<RevokedSession[]> {
    const rows = await this.query<EndedRow>(
      `WITH ended AS (${END_SESSIONS} ${condition} AND ${IS_CURRENT} AND ${this.isNotOver} ${RETURN_ENDED}),
            noted AS (${appendToOutbox(sessionChanges.revokedFrom('ended'))})
       SELECT * FROM ended`,
      [new Date(nowMs), reason, ...parameters],
    );
    return rows.map(toRevokedSession);
  }

  private async keep(
    sessionId: string,
    userId: string,
    generation: number,
    nowMs: number,
  ): Promise<void> {
    const rows = await this.query<{ id: string }>(
      `WITH kept AS (
         UPDATE sessions SET generation = $3
          WHERE id = $2 AND user_id = $4 AND generation = $3 - 1 AND revoked_at IS NULL
            AND ${this.isNotOver}
         RETURNING id)
       SELECT id FROM kept`,
      [new Date(nowMs), sessionId, generation, userId],
    );
    if (rows.length === 0) {
      throw new SessionRevokedError();
    }
  }

  private async mark(
    { userId, from, to }: Generations,
    reason: EndReason,
    nowMs: number,
    limit: number,
  ): Promise<RevokedSession[]> {
    const rows = await this.query<EndedRow>(
      `WITH ended AS (${END_SESSIONS} id IN (
         SELECT id FROM sessions
          WHERE user_id = $3 AND generation BETWEEN $4 AND $5 AND revoked_at IS NULL AND ${this.isNotOver}
          LIMIT $6 FOR NO KEY UPDATE SKIP LOCKED) ${RETURN_ENDED})
       SELECT * FROM ended`,
      [new Date(nowMs), reason, userId, from, to, limit],
    );
    return rows.map(toRevokedSession);
  }

  private async countUnmarked({ userId, from, to }: Generations, nowMs: number): Promise<number> {
    const rows = await this.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM sessions
        WHERE user_id = $2 AND generation BETWEEN $3 AND $4 AND revoked_at IS NULL AND ${this.isNotOver}`,
      [new Date(nowMs), userId, from, to],
    );
    return rows[0]?.count ?? 0;
  }

  private get isNotOver(): string {
    return this.lifetimes.isNotOver('$1');
  }

  private query<Row>(sql: string, parameters: unknown[]): Promise<Row[]> {
    return this.database.run((manager) => manager.query<Row[]>(sql, parameters));
  }
}

function toRevokedSession(row: EndedRow): RevokedSession {
  return { id: row.id, tokensExpireAtMs: row.tokens_expire_at.getTime() };
}
