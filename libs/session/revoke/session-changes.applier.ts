import { Injectable, type OnModuleInit } from '@nestjs/common';
import { OutboxApplier, type ApplyChange } from '#libs/sync';
import { SessionLifetimes } from '../session-lifetimes';
import { RedisSessionStore } from '../store/redis-session.store';
import {
  ALL_SESSIONS_REVOKED,
  SESSION_CHANGED,
  SESSION_REVOKED,
  type AllSessionsRevokedDetails,
  type SessionChangedDetails,
  type SessionRevokedDetails,
} from '../store/session-changes';

/** Applies the revocations and the changes of the outbox to Redis. */
@Injectable()
export class SessionChangesApplier implements OnModuleInit {
  constructor(
    private readonly applier: OutboxApplier,
    private readonly redis: RedisSessionStore,
    private readonly lifetimes: SessionLifetimes,
  ) {}

  onModuleInit(): void {
    this.applier.onChange(SESSION_REVOKED, this.revoke);
    this.applier.onChange(ALL_SESSIONS_REVOKED, this.revokeAll);
    this.applier.onChange(SESSION_CHANGED, this.outdate);
  }

  private readonly revoke: ApplyChange = async ({ userId, details }) => {
    const { sessionId, expiresAtMs } = details as unknown as SessionRevokedDetails;
    const ttlMs = this.lifetimes.tombstoneTtlMs(expiresAtMs);
    return (await this.redis.revoke(userId, { sessionId, ttlMs })) ? 'new' : 'known';
  };

  private readonly revokeAll: ApplyChange = async ({ userId, details }) => {
    const { generation, keptSessionId } = details as unknown as AllSessionsRevokedDetails;
    // A poll has time for the first page only. The other sessions are void, and their TTL removes them.
    const user = { userId, generation, keptSessionId };
    const { changed } = await this.redis.revokeAll(user, [], this.lifetimes.longestTtlMs);
    return changed ? 'new' : 'known';
  };

  private readonly outdate: ApplyChange = async ({ userId, details }) => {
    const changed = details as unknown as SessionChangedDetails;
    const isNew = await this.redis.outdate({ userId, ...changed }, this.lifetimes.nowMs());
    return isNew ? 'new' : 'known';
  };
}
