import { Injectable } from '@nestjs/common';
import { parseIpAddress, storedUserAgent, type RequestOrigin } from '#libs/common';
import { Database } from '#libs/database';
import { hashSecret, type RefreshToken } from '../refresh/refresh-token';
import { endsAtMs, type DatedSession, type RecordedSession } from '../session';
import { SessionLifetimes } from '../session-lifetimes';
import { SessionOptions } from '../session.options';
import { SessionRevocationRepository, type RevokedSession } from './session-revocation.repository';
import { toRecordedSession, toSession, type SessionRow } from './session-row';
import { FIRST_GENERATION, SubjectRepository } from './subject.repository';

/** Sessions beyond the limit that one sign-in ends; there are more only after the limit was lowered. */
const MAX_MAKING_ROOM = 250;

/** Sessions of a user that are counted: a list of users takes a bounded time. */
const MAX_COUNTED = 1_000;

interface StateRow extends SessionRow {
  revoked_at: Date | null;
  user_generation: number;
}

export interface InsertSession {
  session: DatedSession;
  /** Expiry of its first access token, Unix time in ms. */
  tokensExpireAtMs: number;
  client: RequestOrigin;
  refreshToken: RefreshToken;
}

/** The state of one session in Postgres. */
export type RecordedState =
  { state: 'live'; session: DatedSession } | { state: 'revoked' | 'expired'; userId: string };

/** A page of a list begins after this session. */
export interface SessionCursor {
  createdAtMs: number;
  id: string;
}

/**
 * Sessions in Postgres, the source of truth: every change is committed here first. All methods throw
 * DependencyUnavailableError while Postgres is unavailable.
 */
@Injectable()
export class SessionRepository {
  constructor(
    private readonly database: Database,
    private readonly subjects: SubjectRepository,
    private readonly revocations: SessionRevocationRepository,
    private readonly options: SessionOptions,
    private readonly lifetimes: SessionLifetimes,
  ) {}

  /** The user's generation; a user without sessions has the first. One query. */
  async generationOf(userId: string): Promise<number> {
    return this.subjects.generationOf(userId);
  }

  /**
   * Inserts a session, unless the user's generation is above the session's. The row lock serialises it with a
   * revoke-all in progress.
   * @returns null if the generation has risen: nothing was inserted. Otherwise the sessions that the limit per user has
   * ended.
   */
  async insert(insert: InsertSession): Promise<RevokedSession[] | null> {
    const { session } = insert;
    const first = await this.insertWithinLimit(insert);
    if (first || session.generation !== FIRST_GENERATION) {
      return first;
    }
    await this.subjects.create(session.userId);
    return this.insertWithinLimit(insert);
  }

  /** The states of sessions; a session without a record is absent. One query for any number. */
  async find(sessionIds: readonly string[], nowMs: number): Promise<Map<string, RecordedState>> {
    const rows = await this.query<StateRow>(
      `SELECT session.*, subjects.generation AS user_generation
         FROM sessions session JOIN subjects USING (user_id) WHERE id = ANY($1)`,
      [sessionIds],
    );
    return new Map(rows.map((row) => [row.id, this.toState(row, nowMs)]));
  }

  /** Live sessions of a user, newest first. One query. */
  async list(
    userId: string,
    nowMs: number,
    limit: number,
    after?: SessionCursor,
  ): Promise<RecordedSession[]> {
    const rows = await this.query<SessionRow>(
      `SELECT session.*, host(session.ip) AS ip
         FROM sessions session JOIN subjects USING (user_id, generation)
        WHERE user_id = $1 AND revoked_at IS NULL AND ${this.lifetimes.isNotOver('$2')}
          AND ($4::timestamptz IS NULL OR (created_at, id) < ($4, $5::uuid))
        ORDER BY created_at DESC, id DESC LIMIT $3`,
      [userId, new Date(nowMs), limit, after ? new Date(after.createdAtMs) : null, after?.id],
    );
    return rows.map((row) => toRecordedSession(row, this.lifetimes));
  }

  /** Numbers of live sessions, each up to MAX_COUNTED; a user without any is absent. One query for any number. */
  async countLive(userIds: readonly string[], nowMs: number): Promise<Map<string, number>> {
    const rows = await this.query<{ user_id: string; count: number }>(
      `SELECT subjects.user_id, count(live.id)::int AS count
         FROM subjects CROSS JOIN LATERAL (
           SELECT id FROM sessions
            WHERE sessions.user_id = subjects.user_id AND sessions.generation = subjects.generation
              AND revoked_at IS NULL AND expires_at > $2
            LIMIT ${MAX_COUNTED}) live
        WHERE subjects.user_id = ANY($1) GROUP BY subjects.user_id`,
      [userIds, new Date(nowMs)],
    );
    return new Map(rows.map((row) => [row.user_id, row.count]));
  }

  /** Users who have a live session, ordered by id, after a given one. One query. */
  async usersWithSessions(nowMs: number, limit: number, afterUserId?: string): Promise<string[]> {
    const rows = await this.query<{ user_id: string }>(
      `SELECT DISTINCT user_id FROM sessions JOIN subjects USING (user_id, generation)
        WHERE revoked_at IS NULL AND ${this.lifetimes.isNotOver('$1')} AND ($3::uuid IS NULL OR user_id > $3)
        ORDER BY user_id LIMIT $2`,
      [new Date(nowMs), limit, afterUserId],
    );
    return rows.map((row) => row.user_id);
  }

  /** Records when sessions were last seen; each at most once in `SessionLifetimes.useIntervalMs`. One query. */
  async touch(seen: ReadonlyMap<string, number>): Promise<void> {
    await this.query(
      // Skips rows that another transaction is changing, so that neither waits for the other.
      `UPDATE sessions SET last_seen_at = seen.at
         FROM unnest($1::uuid[], $2::timestamptz[]) AS seen (id, at),
              (SELECT id FROM sessions WHERE id = ANY($1) FOR NO KEY UPDATE SKIP LOCKED) AS free
        WHERE sessions.id = seen.id AND free.id = seen.id
          AND sessions.last_seen_at <= seen.at - make_interval(secs => $3)`,
      [
        [...seen.keys()],
        [...seen.values()].map((atMs) => new Date(atMs)),
        this.lifetimes.useIntervalMs / 1000,
      ],
    );
  }

  /**
   * Deletes records of a user's sessions. The generation stays: it still refuses late sessions. One query.
   * @returns the number of deleted records; fewer than `limit` when no more are left.
   */
  async deleteSessions(userId: string, limit: number): Promise<number> {
    return this.database.delete(
      'DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE user_id = $1 LIMIT $2)',
      [userId, limit],
    );
  }

  /**
   * Deletes records of sessions that ended before an instant, revoked or not, and their refresh tokens: the oldest
   * first. Concurrent callers share the work. One query.
   * @returns the number of deleted records; fewer than `limit` when no more are left.
   */
  async deleteEnded(beforeMs: number, limit: number): Promise<number> {
    return this.database.delete(
      `DELETE FROM sessions WHERE id IN (
         SELECT id FROM sessions WHERE expires_at < $1
          ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED)`,
      [new Date(beforeMs), limit],
    );
  }

  private async insertWithinLimit(insert: InsertSession): Promise<RevokedSession[] | null> {
    const { session } = insert;
    const { maxSessionsPerUser: maxSessions } = this.options;
    if (maxSessions === undefined) {
      return (await this.insertUnderSubject(insert)) ? [] : null;
    }
    return this.database.transaction(async () => {
      // Concurrent sign-ins of one user queue here: both could otherwise pass the limit.
      await this.query('SELECT FROM subjects WHERE user_id = $1 FOR NO KEY UPDATE', [
        session.userId,
      ]);
      return (await this.insertUnderSubject(insert))
        ? this.makeRoomFor(session, maxSessions)
        : null;
    });
  }

  /** Ends the sessions beyond `most`, counting the new one: the oldest, up to MAX_MAKING_ROOM. */
  private async makeRoomFor(session: DatedSession, most: number): Promise<RevokedSession[]> {
    return this.revocations.revokeWhere(
      `id IN (SELECT id FROM sessions
               WHERE user_id = $3 AND id <> $4 AND revoked_at IS NULL
                 AND ${this.lifetimes.isNotOver('$1')} AND generation = $6
               ORDER BY created_at DESC, id DESC OFFSET $5 LIMIT ${MAX_MAKING_ROOM})`,
      session.createdAtMs,
      'session_limit',
      [session.userId, session.id, most - 1, session.generation],
    );
  }

  private async insertUnderSubject(insert: InsertSession): Promise<boolean> {
    const { session, tokensExpireAtMs, client, refreshToken } = insert;
    const rows = await this.query(
      `WITH opened AS (
         INSERT INTO sessions
           (id, user_id, generation, role, created_at, last_seen_at, expires_at, ip, user_agent,
            tokens_expire_at, remembered, amr, attributes, details_version)
         SELECT $1, user_id, generation, $4, $5, $5, $6, $7, $8, $11, $12, $13, $14::jsonb, $15
           FROM subjects WHERE user_id = $2 AND generation = $3 FOR SHARE
         RETURNING id, created_at, remembered
       )
       INSERT INTO refresh_tokens (id, session_id, secret_hash, issued_at, remembered)
       SELECT $9, id, $10, created_at, remembered FROM opened RETURNING id`,
      [
        session.id,
        session.userId,
        session.generation,
        session.role,
        new Date(session.createdAtMs),
        new Date(session.expiresAtMs),
        parseIpAddress(client.ip) ?? null,
        storedUserAgent(client),
        refreshToken.id,
        hashSecret(refreshToken.secret),
        new Date(tokensExpireAtMs),
        session.remembered,
        session.amr.join(' '),
        session.attributes ? JSON.stringify(session.attributes) : null,
        session.detailsVersion ?? 0,
      ],
    );
    return rows.length === 1;
  }

  private query<Row>(sql: string, parameters: unknown[]): Promise<Row[]> {
    return this.database.run((manager) => manager.query<Row[]>(sql, parameters));
  }

  private toState(row: StateRow, nowMs: number): RecordedState {
    const session = toSession(row, this.lifetimes);
    const { userId, generation } = session;
    if (row.revoked_at !== null || generation < row.user_generation) {
      return { state: 'revoked', userId };
    }
    return endsAtMs(session) <= nowMs ? { state: 'expired', userId } : { state: 'live', session };
  }
}
