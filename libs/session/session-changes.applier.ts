import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Clock } from '#libs/common';
import { Synchroniser, SyncTimings, type ApplyChange } from '#libs/sync';
import { tombstoneTtlMs } from './session';
import { SessionOptions } from './session.options';
import { RedisSessionStore } from './store/redis-session.store';
import {
  ALL_SESSIONS_REVOKED,
  SESSION_REVOKED,
  type AllSessionsRevokedDetails,
  type SessionRevokedDetails,
} from './store/session-changes';

/** Brings revocations of the outbox to Redis. */
@Injectable()
export class SessionChangesApplier implements OnModuleInit {
  constructor(
    private readonly synchroniser: Synchroniser,
    private readonly redis: RedisSessionStore,
    private readonly clock: Clock,
    private readonly options: SessionOptions,
    private readonly timings: SyncTimings,
  ) {}

  onModuleInit(): void {
    this.synchroniser.onChange(SESSION_REVOKED, this.revoke);
    this.synchroniser.onChange(ALL_SESSIONS_REVOKED, this.revokeAll);
  }

  private readonly revoke: ApplyChange = async ({ userId, details }) => {
    const { sessionId, expiresAtMs } = details as unknown as SessionRevokedDetails;
    const nowMs = this.clock.nowMs();
    const limitMs = this.options.blacklistTtlSeconds * 1000;
    const { leaseMs } = this.timings;
    const ttlMs = tombstoneTtlMs(expiresAtMs, nowMs, { leaseMs, limitMs });
    return (await this.redis.revoke(userId, { sessionId, ttlMs })) ? 'new' : 'known';
  };

  private readonly revokeAll: ApplyChange = async ({ userId, details }) => {
    const { generation } = details as unknown as AllSessionsRevokedDetails;
    // The poll has no time for more than the first page; what is left does not count, and goes by its TTL.
    const { changed } = await this.redis.revokeAll(
      { userId, generation },
      [],
      this.options.ttlSeconds * 1000,
    );
    return changed ? 'new' : 'known';
  };
}
