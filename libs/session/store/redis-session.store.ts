import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import { RedisClient, type RedisScript } from '#libs/redis';
import { STATISTICS_KEY } from '#libs/statistics';
import { syncKeys, type HeldLease } from '#libs/sync';
import type { Session } from '../session';
import { sessionKeys } from './session.keys';

/**
 * `other-epoch`: Redis does not hold the data any more in which the session's record was read. `lease-ended`: the session
 * arrived too late; what has ended it since need not stand in Redis any more.
 */
export type OpenOutcome = 'opened' | 'revoked' | 'stale-generation' | 'other-epoch' | 'lease-ended';

/** A session to put a tombstone on. */
export interface TombstoneRequest {
  sessionId: string;
  ttlMs: number;
}

const OPEN_OUTCOMES: Record<number, OpenOutcome> = {
  1: 'opened',
  [-1]: 'revoked',
  [-2]: 'stale-generation',
  [-3]: 'other-epoch',
  [-4]: 'lease-ended',
};

/** Where SCAN and HSCAN begin, and what they return at the end. */
export const FIRST_CURSOR = '0';

/** Keys that Redis looks at in one step of SCAN. */
const SCAN_COUNT = 500;

/**
 * Sessions in Redis. Each operation is one script, atomic, one round trip.
 * The time and the lease are arguments. All methods throw DependencyUnavailableError when Redis is
 * away. Revocations may be written to a stale Redis; sessions may not.
 */
@Injectable()
export class RedisSessionStore {
  private readonly openScript: RedisScript;
  private readonly revokeScript: RedisScript;
  private readonly revokeAllScript: RedisScript;
  private readonly removeExpiredScript: RedisScript;

  constructor(private readonly redis: RedisClient) {
    const load = (name: string) => redis.script(join(__dirname, 'scripts', `${name}.lua`));
    redis.tryKey(sessionKeys.sessions('probe'), 'hash');
    redis.tryKey(sessionKeys.index('probe'), 'zset');
    redis.tryKey(sessionKeys.tombstone('probe', 'probe'), 'string');
    this.openScript = load('open-session');
    this.revokeScript = load('revoke-session');
    this.revokeAllScript = load('revoke-all-sessions');
    this.removeExpiredScript = load('remove-expired-sessions');
  }

  /**
   * Makes a session known, never over a tombstone or a newer generation; a known one keeps the later
   * of both expiries. Idempotent.
   * @param lease as it was held BEFORE the session's record was read or written. Data that was lost
   * since may have held the revocation. Null: Redis was not in sync, so the session is not opened.
   * @param ended sessions that had to make room: they get their tombstones in the same step.
   */
  async open(
    session: Session,
    lease: HeldLease | null,
    nowMs: number,
    ended: readonly TombstoneRequest[] = [],
  ): Promise<OpenOutcome> {
    const { id, userId, generation, role, expiresAtMs } = session;
    const reply = await this.openScript(
      [
        sessionKeys.sessions(userId),
        sessionKeys.index(userId),
        sessionKeys.tombstone(userId, id),
        STATISTICS_KEY,
        syncKeys.checkpoint,
        ...ended.map(({ sessionId }) => sessionKeys.tombstone(userId, sessionId)),
      ],
      [
        id,
        generation,
        role,
        expiresAtMs,
        nowMs,
        lease?.epoch ?? '',
        lease?.writeUntilMs ?? 0,
        ...ended.flatMap(({ sessionId, ttlMs }) => [sessionId, ttlMs]),
      ],
    );
    return OPEN_OUTCOMES[reply as number] ?? 'other-epoch';
  }

  /**
   * Adds the tombstone and removes the session. Idempotent.
   * @returns whether this changed anything.
   */
  async revoke(userId: string, tombstone: TombstoneRequest): Promise<boolean> {
    const reply = await this.revokeScript(
      [
        sessionKeys.sessions(userId),
        sessionKeys.index(userId),
        sessionKeys.tombstone(userId, tombstone.sessionId),
        STATISTICS_KEY,
      ],
      [tombstone.sessionId, tombstone.ttlMs],
    );
    return reply === 1;
  }

  /**
   * Raises the generation to that of Postgres, so that no session below it counts from now on, adds tombstones for
   * the listed ones, and removes a first page of what is below. One round trip, and the work
   * of one page.
   * @param keepMs how long the generation must be remembered: the longest life of a session.
   * @returns whether this changed anything, and where `removeRevoked` goes on; null: nothing is left.
   */
  async revokeAll(
    user: { userId: string; generation: number },
    tombstones: readonly TombstoneRequest[],
    keepMs: number,
  ): Promise<{ changed: boolean; rest: string | null }> {
    return this.runRevokeAll(user, tombstones, keepMs, FIRST_CURSOR);
  }

  /**
   * Removes a further page of what `revokeAll` has left: 250 sessions, which only the statistics still count. One
   * round trip.
   * @param rest what `revokeAll`, or this, has returned.
   * @returns where it goes on; null: nothing is left.
   */
  async removeRevoked(
    user: { userId: string; generation: number },
    keepMs: number,
    rest: string,
  ): Promise<string | null> {
    return (await this.runRevokeAll(user, [], keepMs, rest)).rest;
  }

  private async runRevokeAll(
    { userId, generation }: { userId: string; generation: number },
    tombstones: readonly TombstoneRequest[],
    keepMs: number,
    cursor: string,
  ): Promise<{ changed: boolean; rest: string | null }> {
    const reply = await this.revokeAllScript(
      [
        sessionKeys.sessions(userId),
        sessionKeys.index(userId),
        STATISTICS_KEY,
        syncKeys.checkpoint,
        ...tombstones.map(({ sessionId }) => sessionKeys.tombstone(userId, sessionId)),
      ],
      [generation, keepMs, cursor, ...tombstones.map(({ ttlMs }) => ttlMs)],
    );
    const [changed, next] = reply as [number, string];
    return { changed: changed === 1, rest: next === FIRST_CURSOR ? null : next };
  }

  /**
   * A part of the users who have sessions, for jobs: never for a request. One round trip. A user may come more
   * than once, and the part may be empty.
   * @param cursor `0` at first, then what came back, until that is `0`.
   */
  async someUsers(cursor: string): Promise<{ cursor: string; userIds: string[] }> {
    const { cursor: next, keys } = await this.redis.scan(
      cursor,
      sessionKeys.indexPattern,
      SCAN_COUNT,
    );
    return { cursor: next, userIds: keys.map((key) => sessionKeys.userOfIndex(key)) };
  }

  /**
   * Removes what has expired of some users, up to 250 sessions of each. One round trip.
   * @returns how many sessions were removed, and whether a user may have more.
   */
  async removeExpired(
    userIds: readonly string[],
    nowMs: number,
  ): Promise<{ removed: number; isMore: boolean }> {
    const keys = userIds.flatMap((userId) => [
      sessionKeys.sessions(userId),
      sessionKeys.index(userId),
    ]);
    const reply = await this.removeExpiredScript([STATISTICS_KEY, ...keys], [nowMs]);
    const [removed, isMore] = reply as [number, number];
    return { removed, isMore: isMore === 1 };
  }
}
