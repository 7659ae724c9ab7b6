import { Injectable } from '@nestjs/common';
import { WriteThrough, type HeldLease } from '#libs/sync';
import type { Session } from '../session';
import { SessionLifetimes } from '../session-lifetimes';
import { RedisSessionStore, type OpenOutcome } from '../store/redis-session.store';
import type { RevokedSession } from '../store/session-revocation.repository';
import { RecordLookup } from '../verify/record-lookup';

/** Writes a session of Postgres to Redis, after a sign-in or a refresh. */
@Injectable()
export class SessionActivation {
  constructor(
    private readonly redis: RedisSessionStore,
    private readonly records: RecordLookup,
    private readonly writeThrough: WriteThrough,
    private readonly lifetimes: SessionLifetimes,
  ) {}

  /**
   * One Redis round trip if Redis is in sync; a session that Redis lacks is restored when it is verified. If Redis
   * cannot tell whether the session was revoked meanwhile, because it is unavailable, is stale, was written too late by
   * a stalled process, or knows a later generation of the user, Postgres is asked: a share of a query.
   * @param lease as held before Postgres was written; null: Redis was stale.
   * @param ended sessions that the limit per user has ended.
   * @returns false if the session was revoked meanwhile.
   * @throws DependencyUnavailableError if neither store can tell.
   */
  async activate(
    session: Session,
    lease: HeldLease | null,
    ended: readonly RevokedSession[] = [],
  ): Promise<boolean> {
    if (lease === null && ended.length === 0) {
      return this.isAliveInRecord(session);
    }
    const tombstones = ended.map(({ id: sessionId, tokensExpireAtMs }) => ({
      sessionId,
      ttlMs: this.lifetimes.tombstoneTtlMs(tokensExpireAtMs),
    }));
    const outcome = await this.writeThrough.tryWrite(session.userId, () =>
      this.redis.open(session, lease, this.lifetimes.nowMs(), tombstones),
    );
    if (outcome === null && ended.length > 0) {
      await this.writeThrough.waitUntilConsistent([session.userId]);
    }
    return outcome === 'opened' || (isUnsure(outcome) && (await this.isAliveInRecord(session)));
  }

  private async isAliveInRecord({ userId, id }: Session): Promise<boolean> {
    const { state } = await this.records.find(userId, id);
    return state === 'live';
  }
}

/**
 * A session of an older generation may have been kept when the others of its user ended.
 * @param outcome null: Redis did not answer.
 */
function isUnsure(outcome: OpenOutcome | null): boolean {
  return outcome !== 'opened' && outcome !== 'revoked';
}
