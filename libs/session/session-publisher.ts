import { Injectable } from '@nestjs/common';
import { Metrics } from '#libs/metrics';
import { WriteThrough, SyncTimings, type HeldLease } from '#libs/sync';
import { RevokedSessionCleaner } from './revoked-session-cleaner';
import { tombstoneTtlMs, type RevocationReason, type Session } from './session';
import { SessionLookup } from './session-lookup';
import { SessionOptions } from './session.options';
import {
  RedisSessionStore,
  type OpenOutcome,
  type TombstoneRequest,
} from './store/redis-session.store';
import type { RevokedSession, RevokedUser } from './store/session-revocation.store';

/**
 * Writes to Redis what Postgres has recorded of sessions. A method that revokes resolves when no instance goes by the
 * old state any more, near caches aside: at once, or after the lease.
 */
@Injectable()
export class SessionPublisher {
  constructor(
    private readonly redis: RedisSessionStore,
    private readonly lookup: SessionLookup,
    private readonly writeThrough: WriteThrough,
    private readonly cleaner: RevokedSessionCleaner,
    private readonly options: SessionOptions,
    private readonly timings: SyncTimings,
    private readonly metrics: Metrics,
  ) {}

  /**
   * Makes a recorded session known to Redis, if that is in sync; what Redis misses is put there when it is asked for.
   * One Redis round trip. Where Redis cannot say that the session was not revoked meanwhile, because it is away, not
   * in sync, or was asked or answered too late by a process that stood still, the record is asked: a share of a query.
   * @param lease as it was held before the record was written; null: Redis was not in sync.
   * @returns false when the session was revoked meanwhile.
   * @throws DependencyUnavailableError when neither store can tell.
   */
  async opened(
    session: Session,
    lease: HeldLease | null,
    nowMs: number,
    ended: readonly RevokedSession[],
  ): Promise<boolean> {
    if (lease === null && ended.length === 0) {
      return this.isAliveInRecord(session);
    }
    const outcome = await this.writeThrough.tryWrite(session.userId, () =>
      this.redis.open(session, lease, nowMs, this.tombstones(ended, nowMs)),
    );
    if (outcome === null && ended.length > 0) {
      await this.writeThrough.waitUntilConsistent();
    }
    return outcome === 'opened' || (isUnsure(outcome) && (await this.isAliveInRecord(session)));
  }

  /** One session has ended. */
  async revoked(
    userId: string,
    { id, tokensExpireAtMs }: RevokedSession,
    nowMs: number,
  ): Promise<void> {
    const tombstone = this.tombstone(id, tokensExpireAtMs, nowMs);
    await this.metrics.sync.untilEnforced(() =>
      this.writeThrough.write(userId, () => this.redis.revoke(userId, tombstone)),
    );
  }

  /**
   * Postgres did not record a revocation: puts up the tombstone, if Redis can be reached. No instance whose Redis is
   * in sync accepts the session from then on, until Redis loses its data.
   */
  async refuseUnrecorded({ id, userId, expiresAtMs }: Session, nowMs: number): Promise<void> {
    // No token outlives its session.
    const tombstone = this.tombstone(id, expiresAtMs, nowMs);
    await this.writeThrough.tryWrite(userId, () => this.redis.revoke(userId, tombstone));
  }

  /** All sessions of a user have ended. */
  async allRevoked(user: RevokedUser, reason: RevocationReason, nowMs: number): Promise<void> {
    await this.metrics.sync.untilEnforced(async () => {
      if (!(await this.tryAllRevoked(user, reason, nowMs))) {
        await this.settle();
      }
    });
  }

  /** @returns false when Redis did not take it: `settle` before it is called done. */
  async tryAllRevoked(
    user: RevokedUser,
    reason: RevocationReason,
    nowMs: number,
  ): Promise<boolean> {
    const keepMs = this.options.ttlSeconds * 1000;
    const tombstones = this.tombstones(user.revoked, nowMs);
    const taken = await this.writeThrough.tryWrite(user.userId, () =>
      this.redis.revokeAll(user, tombstones, keepMs),
    );
    if (taken?.rest || user.count > user.revoked.length) {
      this.cleaner.cleanUp({ user, reason, revokedAtMs: nowMs, cursor: taken?.rest ?? null });
    }
    return taken !== null;
  }

  /** Resolves when all that was recorded before is in Redis, or nobody believes one without it. */
  async settle(): Promise<void> {
    await this.writeThrough.waitUntilConsistent();
  }

  private async isAliveInRecord({ userId, id }: Session): Promise<boolean> {
    const { state } = await this.lookup.findRecorded(userId, id);
    return state === 'live';
  }

  private tombstones(sessions: readonly RevokedSession[], nowMs: number): TombstoneRequest[] {
    return sessions.map(({ id, tokensExpireAtMs }) => this.tombstone(id, tokensExpireAtMs, nowMs));
  }

  /** One is put up also where every token has expired: a session on its way into Redis must find it. */
  private tombstone(sessionId: string, tokensExpireAtMs: number, nowMs: number): TombstoneRequest {
    const neededUntilMs = Math.max(tokensExpireAtMs, nowMs);
    const limitMs = this.options.blacklistTtlSeconds * 1000;
    const { leaseMs } = this.timings;
    return { sessionId, ttlMs: tombstoneTtlMs(neededUntilMs, nowMs, { leaseMs, limitMs }) };
  }
}

/** @param outcome null: Redis did not answer. */
function isUnsure(outcome: OpenOutcome | null): boolean {
  return outcome === null || outcome === 'other-epoch' || outcome === 'lease-ended';
}
