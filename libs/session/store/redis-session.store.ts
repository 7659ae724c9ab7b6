import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import { RedisClient, type RedisKeys, type RedisScript } from '#libs/redis';
import type { HeldLease } from '#libs/sync';
import type { Session } from '../session';
import { encodeDetails } from './session-entry';

/**
 * `other-epoch`: Redis has lost the data from before the session's record was read. `lease-ended`: the session arrived
 * too late; the tombstone of a later revocation may have expired. `outdated`: the details have changed since.
 */
export type OpenOutcome =
  'opened' | 'revoked' | 'stale-generation' | 'other-epoch' | 'lease-ended' | 'outdated';

/** A session that has been used. */
export interface UsedSession {
  userId: string;
  sessionId: string;
  /** When it ends unless it is used again; Unix time in ms. */
  idleAtMs: number;
}

/** A session whose details have changed in Postgres. */
export interface ChangedSession {
  userId: string;
  sessionId: string;
  generation: number;
  /** Unix time in ms. */
  expiresAtMs: number;
  /** Of the details. */
  version: number;
}

/** A session that gets a tombstone. */
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
  [-5]: 'outdated',
};

/** A user whose generation has been raised. */
export interface RaisedUser {
  userId: string;
  generation: number;
  /** The session that Postgres has moved to the generation. */
  keptSessionId?: string | undefined;
}

/** First and last cursor of HSCAN. */
const FIRST_CURSOR = '0';

/** Sessions per script: it blocks Redis for about 2 ms. */
const USED_AT_ONCE = 100;

/** Keys per step of SCAN. */
const SCAN_COUNT = 500;

/**
 * Sessions in Redis. Each operation is one atomic script and one round trip. The time and the lease are arguments. All
 * methods throw DependencyUnavailableError while Redis is unavailable. Revocations may be written to a stale Redis;
 * sessions may not.
 */
@Injectable()
export class RedisSessionStore {
  private readonly keys: RedisKeys;
  private readonly openScript: RedisScript;
  private readonly revokeScript: RedisScript;
  private readonly revokeAllScript: RedisScript;
  private readonly removeExpiredScript: RedisScript;
  private readonly useScript: RedisScript;
  private readonly outdateScript: RedisScript;

  constructor(private readonly redis: RedisClient) {
    const load = (name: string) => redis.script(join(__dirname, 'scripts', `${name}.lua`));
    this.keys = redis.keys;
    redis.tryKey(this.keys.sessions('probe'), 'hash');
    redis.tryKey(this.keys.index('probe'), 'zset');
    redis.tryKey(this.keys.tombstone('probe', 'probe'), 'string');
    this.openScript = load('open-session');
    this.revokeScript = load('revoke-session');
    this.revokeAllScript = load('revoke-all-sessions');
    this.removeExpiredScript = load('remove-expired-sessions');
    this.useScript = load('use-sessions');
    this.outdateScript = load('outdate-session');
  }

  /**
   * Writes a session, never over a tombstone or a newer generation; an existing session keeps the later of both
   * expiries, and the newer of both details. Idempotent.
   * @param lease as held BEFORE the session's record was read or written: Redis may have lost a revocation since. Null:
   * Redis was not in sync, so the session is not written.
   * @param ended sessions that the limit per user has ended; they get their tombstones in the same step.
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
        this.keys.sessions(userId),
        this.keys.index(userId),
        this.keys.tombstone(userId, id),
        ...this.sharedKeys(userId),
        ...ended.map(({ sessionId }) => this.keys.tombstone(userId, sessionId)),
      ],
      [
        id,
        generation,
        role,
        expiresAtMs,
        nowMs,
        lease?.epoch ?? '',
        lease?.writeUntilMs ?? 0,
        session.idleAtMs ?? '',
        session.detailsVersion ?? 0,
        encodeDetails(session),
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
        this.keys.sessions(userId),
        this.keys.index(userId),
        this.keys.tombstone(userId, tombstone.sessionId),
        this.keys.statistics(this.keys.partitionOf(userId)),
      ],
      [tombstone.sessionId, tombstone.ttlMs],
    );
    return reply === 1;
  }

  /**
   * Raises the generation to that of Postgres, which voids all sessions below it, moves the kept session to it, adds
   * tombstones for the listed ones, and removes a first page of the voided sessions. One round trip, with the work of
   * one page.
   * @param keepMs how long the generation is kept: the maximum lifetime of a session.
   * @returns whether this changed anything, and where `removeRevoked` continues; null: nothing is left.
   */
  async revokeAll(
    user: RaisedUser,
    tombstones: readonly TombstoneRequest[],
    keepMs: number,
  ): Promise<{ changed: boolean; rest: string | null }> {
    return this.runRevokeAll(user, tombstones, keepMs, FIRST_CURSOR);
  }

  /**
   * Removes a further page of the sessions that `revokeAll` has voided: 250 sessions, which only the statistics still
   * count. One round trip.
   * @param rest the result of `revokeAll` or of this method.
   * @returns where it continues; null: nothing is left.
   */
  async removeRevoked(user: RaisedUser, keepMs: number, rest: string): Promise<string | null> {
    return (await this.runRevokeAll(user, [], keepMs, rest)).rest;
  }

  private async runRevokeAll(
    { userId, generation, keptSessionId = '' }: RaisedUser,
    tombstones: readonly TombstoneRequest[],
    keepMs: number,
    cursor: string,
  ): Promise<{ changed: boolean; rest: string | null }> {
    const reply = await this.revokeAllScript(
      [
        this.keys.sessions(userId),
        this.keys.index(userId),
        ...this.sharedKeys(userId),
        ...tombstones.map(({ sessionId }) => this.keys.tombstone(userId, sessionId)),
      ],
      [generation, keepMs, cursor, keptSessionId, ...tombstones.map(({ ttlMs }) => ttlMs)],
    );
    const [changed, next] = reply as [number, string];
    return { changed: changed === 1, rest: next === FIRST_CURSOR ? null : next };
  }

  /** Moves the end of sessions that have an idle time-out. One round trip for each partition and 100 sessions. */
  async use(sessions: readonly UsedSession[], nowMs: number): Promise<void> {
    for (const part of this.keys.byPartition(sessions, ({ userId }) => userId).values()) {
      for (let start = 0; start < part.length; start += USED_AT_ONCE) {
        await this.useSome(part.slice(start, start + USED_AT_ONCE), nowMs);
      }
    }
  }

  /**
   * Voids older details than the version. May be written to a stale Redis. One round trip. Idempotent.
   * @returns whether this changed anything.
   */
  async outdate(changed: ChangedSession, nowMs: number): Promise<boolean> {
    const { userId, sessionId, generation, expiresAtMs, version } = changed;
    const reply = await this.outdateScript(
      [
        this.keys.sessions(userId),
        this.keys.index(userId),
        this.keys.tombstone(userId, sessionId),
        ...this.sharedKeys(userId),
      ],
      [sessionId, generation, expiresAtMs, version, nowMs],
    );
    return reply === 1;
  }

  private async useSome(sessions: readonly UsedSession[], nowMs: number): Promise<void> {
    const partition = this.keys.partitionOf(sessions[0]?.userId ?? '');
    const keys = sessions.flatMap(({ userId }) => [
      this.keys.sessions(userId),
      this.keys.index(userId),
    ]);
    const args = sessions.flatMap(({ sessionId, idleAtMs }) => [sessionId, idleAtMs]);
    await this.useScript([this.keys.statistics(partition), ...keys], [nowMs, ...args]);
  }

  /**
   * The users who have sessions, in pages, for jobs, never for a request. One round trip for each page. A user may occur
   * more than once, and a page may be empty. The users of a page are of one partition.
   */
  async *users(): AsyncGenerator<string[], void> {
    for await (const keys of this.redis.scan(this.keys.indexPattern, SCAN_COUNT)) {
      const users = keys.map((key) => this.keys.userOfIndex(key));
      yield* this.keys.byPartition(users, (userId) => userId).values();
    }
  }

  /**
   * Removes expired sessions of some users of one partition, up to 250 per user. One round trip.
   * @returns the number of removed sessions, and whether a user may have more.
   */
  async removeExpired(
    userIds: readonly string[],
    nowMs: number,
  ): Promise<{ removed: number; isMore: boolean }> {
    const keys = userIds.flatMap((userId) => [this.keys.sessions(userId), this.keys.index(userId)]);
    const partition = this.keys.partitionOf(userIds[0] ?? '');
    const statistics = this.keys.statistics(partition);
    const reply = await this.removeExpiredScript([statistics, ...keys], [nowMs]);
    const [removed, isMore] = reply as [number, number];
    return { removed, isMore: isMore === 1 };
  }

  /** The statistics and the checkpoint of the user's partition. */
  private sharedKeys(userId: string): [statistics: string, checkpoint: string] {
    const partition = this.keys.partitionOf(userId);
    return [this.keys.statistics(partition), this.keys.checkpoint(partition)];
  }
}
