import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Batcher, OverloadedError, storedUserAgent, type RequestOrigin } from '#libs/common';
import { Database } from '#libs/database';
import {
  hashSecret,
  isSecretOf,
  newSuccessorSalt,
  successorSecret,
  type RefreshToken,
} from '../refresh/refresh-token';
import { endsAtMs, type DatedSession } from '../session';
import { SessionLifetimes } from '../session-lifetimes';
import { SessionRevocationRepository, type RevokedSession } from './session-revocation.repository';
import { toSession, type SessionRow } from './session-row';

/** A repetition of the last rotation by the same client within this time is no theft. */
const REPEAT_GRACE_MS = 10_000;

export interface Rotation {
  session: DatedSession;
  refreshToken: RefreshToken;
  /** When this pair was made; a repeated request gets the time of the first. */
  rotatedAtMs: number;
}

export interface RotateOptions {
  /** Called for a genuine token before the transaction. If it throws, the token stays valid. */
  admit?: ((token: GenuineToken) => Promise<void>) | undefined;
  /** Called in the same transaction. If it throws, the token stays valid. */
  beforeRotation?: ((userId: string) => Promise<void>) | undefined;
}

/** A token that this authority issued, used or not, and its session. */
export interface GenuineToken {
  tokenId: string;
  sessionId: string;
  userId: string;
}

/** `reused`: a used token was presented again, and Postgres has ended its session. */
export type RotationOutcome =
  | ({ outcome: 'rotated' } & Rotation)
  | { outcome: 'reused'; session: DatedSession; revoked: RevokedSession }
  | { outcome: 'unknown' | 'revoked' | 'expired' };

/**
 * Batches of lookups of presented tokens. Any number of clients with forged tokens takes two connections at most, and
 * no transaction.
 */
const LOOKUP_LIMITS = { maxBatch: 500, maxRunning: 2, maxWaiting: 10_000 };

/** The fields that prove a token genuine and name its session. */
interface OwnerRow {
  id: string;
  session_id: string;
  user_id: string;
  secret_hash: Buffer;
}

interface TokenRow {
  used_at: Date | null;
  used_by: string | null;
  successor_id: string | null;
  successor_salt: Buffer | null;
  successor_used_at: Date | null;
}

/** Refresh tokens in Postgres. Methods throw DependencyUnavailableError while it is unavailable. */
@Injectable()
export class RefreshTokenRepository {
  private readonly owners = new Batcher<string, OwnerRow>(
    (ids) => this.readOwners(ids),
    LOOKUP_LIMITS,
    () => new OverloadedError(),
  );

  constructor(
    private readonly database: Database,
    private readonly revocations: SessionRevocationRepository,
    private readonly lifetimes: SessionLifetimes,
  ) {}

  /**
   * Uses a token and creates its successor, in one transaction; prolongs the session. A token that is not genuine costs
   * a share of a query.
   * @throws OverloadedError if too many lookups wait.
   */
  async rotate(
    presented: RefreshToken,
    client: RequestOrigin,
    nowMs: number,
    { admit, beforeRotation }: RotateOptions,
  ): Promise<RotationOutcome> {
    const owner = await this.ownerOf(presented);
    if (!owner) {
      return { outcome: 'unknown' };
    }
    await admit?.({ tokenId: owner.id, sessionId: owner.session_id, userId: owner.user_id });
    return this.database.transaction(async () => {
      const session = await this.lockSession(owner.session_id, owner.user_id);
      if (!session) {
        return { outcome: 'revoked' };
      }
      if (endsAtMs(session) <= nowMs) {
        return { outcome: 'expired' };
      }
      await beforeRotation?.(session.userId);
      // Under the session's lock: of concurrent callers all but the first see the token used.
      const token = await this.read(presented.id);
      if (!token) {
        return { outcome: 'unknown' };
      }
      if (token.used_at === null) {
        const expiresAtMs = this.lifetimes.sessionExpiryMs(session, nowMs);
        const extended = this.used({ ...session, expiresAtMs }, nowMs);
        await this.extend(extended, this.lifetimes.tokenExpiryMs(nowMs, expiresAtMs), nowMs);
        return this.useToken(presented, extended, client, nowMs);
      }
      const repetition = repeated(token, presented, client, nowMs);
      if (repetition) {
        // This instance may issue tokens with a longer lifetime than the one that made the pair.
        const expiryMs = this.lifetimes.tokenExpiryMs(repetition.rotatedAtMs, session.expiresAtMs);
        await this.extend(session, expiryMs, nowMs);
        return { outcome: 'rotated', session: this.used(session, nowMs), ...repetition };
      }
      const revoked = await this.revocations.revoke(
        session.id,
        session.userId,
        'refresh_token_reused',
      );
      const { id, expiresAtMs: tokensExpireAtMs } = session;
      return { outcome: 'reused', session, revoked: revoked ?? { id, tokensExpireAtMs } };
    });
  }

  /**
   * The session of a token that is genuine, used or not; null for any other. A share of a query.
   * @throws OverloadedError if too many lookups wait.
   */
  async sessionOf(presented: RefreshToken): Promise<Pick<DatedSession, 'id' | 'userId'> | null> {
    const owner = await this.ownerOf(presented);
    return owner && { id: owner.session_id, userId: owner.user_id };
  }

  /**
   * Deletes tokens of sessions, remembered or not, that were used before an instant. One query.
   * @returns the number of deleted tokens; fewer than `limit` when no more are left.
   */
  async deleteUsed(remembered: boolean, beforeMs: number, limit: number): Promise<number> {
    return this.database.delete(
      `DELETE FROM refresh_tokens WHERE id IN (
         SELECT id FROM refresh_tokens WHERE remembered = $1 AND used_at < $2
          ORDER BY used_at LIMIT $3 FOR UPDATE SKIP LOCKED)`,
      [remembered, new Date(beforeMs), limit],
    );
  }

  private used(session: DatedSession, nowMs: number): DatedSession {
    const idleAtMs = this.lifetimes.idleAtMs(nowMs);
    return idleAtMs === undefined ? session : { ...session, idleAtMs };
  }

  /** The same for an unknown id and a wrong secret: that reveals nothing about the session. */
  private async ownerOf(presented: RefreshToken): Promise<OwnerRow | null> {
    const owner = await this.owners.get(presented.id);
    return owner && isSecretOf(presented.secret, owner.secret_hash) ? owner : null;
  }

  private async readOwners(ids: readonly string[]): Promise<Map<string, OwnerRow>> {
    const rows = await this.query<OwnerRow>(
      `SELECT token.id, token.session_id, token.secret_hash, session.user_id
         FROM refresh_tokens token JOIN sessions session ON session.id = token.session_id
        WHERE token.id = ANY($1)`,
      [ids],
    );
    return new Map(rows.map((row) => [row.id, row]));
  }

  private async read(id: string): Promise<TokenRow | null> {
    const rows = await this.query<TokenRow>(
      `SELECT token.*, successor.used_at AS successor_used_at
         FROM refresh_tokens token
         LEFT JOIN refresh_tokens successor ON successor.id = token.successor_id
        WHERE token.id = $1`,
      [id],
    );
    return rows[0] ?? null;
  }

  /**
   * Locks and returns the session, if it is not revoked. Locks the subject first, as a revoke-all does; the opposite
   * order could deadlock.
   */
  private async lockSession(sessionId: string, userId: string): Promise<DatedSession | null> {
    const [subject] = await this.query<{ generation: number }>(
      'SELECT generation FROM subjects WHERE user_id = $1 FOR SHARE',
      [userId],
    );
    const rows = await this.query<SessionRow>(
      'SELECT * FROM sessions WHERE id = $1 AND generation = $2 AND revoked_at IS NULL FOR UPDATE',
      [sessionId, subject?.generation],
    );
    return rows[0] ? toSession(rows[0], this.lifetimes) : null;
  }

  private async useToken(
    used: RefreshToken,
    session: DatedSession,
    client: RequestOrigin,
    nowMs: number,
  ): Promise<RotationOutcome> {
    const salt = newSuccessorSalt();
    const successor = { id: randomUUID(), secret: successorSecret(used.secret, salt) };
    const now = new Date(nowMs);
    await this.query(
      `UPDATE refresh_tokens
          SET used_at = $2, used_by = $3, successor_id = $4, successor_salt = $5 WHERE id = $1`,
      [used.id, now, storedUserAgent(client), successor.id, salt],
    );
    await this.query(
      `INSERT INTO refresh_tokens (id, session_id, secret_hash, issued_at, remembered)
       VALUES ($1, $2, $3, $4, $5)`,
      [successor.id, session.id, hashSecret(successor.secret), now, session.remembered],
    );
    return { outcome: 'rotated', session, refreshToken: successor, rotatedAtMs: nowMs };
  }

  /** Earlier tokens may live longer than one that is issued now, after a change of settings. */
  private async extend(
    { id, expiresAtMs }: DatedSession,
    tokensExpireAtMs: number,
    nowMs: number,
  ): Promise<void> {
    await this.query(
      `UPDATE sessions
          SET expires_at = $2, last_seen_at = $3,
              tokens_expire_at = GREATEST(COALESCE(tokens_expire_at, expires_at), $4)
        WHERE id = $1`,
      [id, new Date(expiresAtMs), new Date(nowMs), new Date(tokensExpireAtMs)],
    );
  }

  private query<Row>(sql: string, parameters: unknown[]): Promise<Row[]> {
    return this.database.run((manager) => manager.query<Row[]>(sql, parameters));
  }
}

/**
 * The pair of the first use, for a client that repeats its request because of a double call or a lost answer. Only
 * while that pair is unused.
 */
function repeated(
  token: TokenRow,
  presented: RefreshToken,
  client: RequestOrigin,
  nowMs: number,
): Pick<Rotation, 'refreshToken' | 'rotatedAtMs'> | null {
  const { used_at: usedAt, used_by: usedBy, successor_id: id, successor_salt: salt } = token;
  if (!usedAt || !id || !salt || token.successor_used_at || usedBy !== storedUserAgent(client)) {
    return null;
  }
  const rotatedAtMs = usedAt.getTime();
  return nowMs - rotatedAtMs <= REPEAT_GRACE_MS
    ? { refreshToken: { id, secret: successorSecret(presented.secret, salt) }, rotatedAtMs }
    : null;
}
