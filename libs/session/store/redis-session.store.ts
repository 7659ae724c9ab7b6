import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import { RedisClient, type RedisScript } from '#libs/redis';
import { STATISTICS_KEY } from '#libs/statistics';
import type { Session } from '../session';
import { decodeEntry } from './session-entry';
import { sessionKeys } from './session.keys';

export type OpenOutcome = 'opened' | 'revoked' | 'stale-generation';

/** What Redis knows of a session. `unknown`: neither alive nor revoked; the record may know more. */
export type Verification =
  | { state: 'live'; session: Session; companion: string | null }
  | { state: 'revoked' | 'expired' | 'unknown' };

/** A session to put a tombstone on. */
export interface TombstoneRequest {
  sessionId: string;
  ttlMs: number;
}

/**
 * The fast authority in front of the record. Each operation is one script, atomic, one round trip.
 * The time is an argument. All methods throw DependencyUnavailableError when Redis is away.
 */
@Injectable()
export class RedisSessionStore {
  private readonly openScript: RedisScript;
  private readonly verifyScript: RedisScript;
  private readonly revokeScript: RedisScript;
  private readonly revokeAllScript: RedisScript;

  constructor(redis: RedisClient) {
    const load = (name: string) => redis.script(join(__dirname, 'scripts', `${name}.lua`));
    this.openScript = load('open-session');
    this.verifyScript = load('verify-session');
    this.revokeScript = load('revoke-session');
    this.revokeAllScript = load('revoke-all-sessions');
  }

  /**
   * Makes a session known, never over a tombstone or a newer generation; a known one takes the new
   * expiry. Idempotent.
   * @param ended sessions that had to make room: they get their tombstones in the same step.
   */
  async open(
    session: Session,
    nowMs: number,
    ended: readonly TombstoneRequest[] = [],
  ): Promise<OpenOutcome> {
    const { id, userId, generation, role, createdAtMs, expiresAtMs } = session;
    const reply = await this.openScript(
      [
        sessionKeys.sessions(userId),
        sessionKeys.index(userId),
        sessionKeys.tombstone(userId, id),
        STATISTICS_KEY,
        ...ended.map(({ sessionId }) => sessionKeys.tombstone(userId, sessionId)),
      ],
      [
        id,
        generation,
        role,
        createdAtMs,
        expiresAtMs,
        nowMs,
        ...ended.flatMap(({ sessionId, ttlMs }) => [sessionId, ttlMs]),
      ],
    );
    return reply === 1 ? 'opened' : reply === -1 ? 'revoked' : 'stale-generation';
  }

  /**
   * @param companionKey a string key of the same user to read in the same round trip; its value is
   * returned for a live session only, and null where it does not exist.
   */
  async verify(
    userId: string,
    sessionId: string,
    nowMs: number,
    companionKey?: string,
  ): Promise<Verification> {
    const keys = [sessionKeys.sessions(userId), sessionKeys.tombstone(userId, sessionId)];
    if (companionKey) {
      keys.push(companionKey);
    }
    const reply = await this.verifyScript(keys, [sessionId, nowMs]);
    const [code, entry, companion] = reply as [number, string?, (string | null)?];
    if (code === 1 && entry) {
      const session = decodeEntry(userId, sessionId, entry);
      return { state: 'live', session, companion: companion ?? null };
    }
    return { state: code === 0 ? 'unknown' : code === -2 ? 'expired' : 'revoked' };
  }

  /** Puts up the tombstone and forgets the session. Idempotent. */
  async revoke(userId: string, tombstone: TombstoneRequest, nowMs: number): Promise<void> {
    await this.revokeScript(
      [
        sessionKeys.sessions(userId),
        sessionKeys.index(userId),
        sessionKeys.tombstone(userId, tombstone.sessionId),
        STATISTICS_KEY,
      ],
      [tombstone.sessionId, tombstone.ttlMs, nowMs],
    );
  }

  /**
   * Raises the generation to the record's, forgets every session below it, listed or not, and puts
   * tombstones on the listed ones.
   * @param keepMs how long the generation must be remembered: the longest life of a session.
   */
  async revokeAll(
    userId: string,
    generation: number,
    tombstones: readonly TombstoneRequest[],
    nowMs: number,
    keepMs: number,
  ): Promise<void> {
    await this.revokeAllScript(
      [
        sessionKeys.sessions(userId),
        sessionKeys.index(userId),
        STATISTICS_KEY,
        ...tombstones.map(({ sessionId }) => sessionKeys.tombstone(userId, sessionId)),
      ],
      [generation, keepMs, nowMs, ...tombstones.map(({ ttlMs }) => ttlMs)],
    );
  }
}
