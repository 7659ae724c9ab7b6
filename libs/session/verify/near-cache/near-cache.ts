import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { Clock } from '#libs/common';
import { Metrics } from '#libs/metrics';
import { SyncLeases, UserChanges } from '#libs/sync';
import { endsAtMs } from '../../session';
import { SessionOptions } from '../../session.options';
import type { Verification } from '../../store/redis-session-reader';
import { NearCacheTimings } from './near-cache-timings';

export type LiveSession = Extract<Verification, { state: 'live' }>;

/** The state of the cache before Redis is asked; `keep` needs it together with the answer. */
export interface Question {
  readonly changes: number;
  /** Monotonic clock, ms. */
  readonly askedMs: number;
}

interface Entry {
  readonly found: LiveSession;
  readonly epoch: string;
  /** Absent: no cached profile was read. */
  readonly profileKey: string | undefined;
}

/**
 * Sessions that Redis has confirmed, in the memory of this process. Off by default. An entry is used for 5 s at most,
 * until this process or the outbox reports a change of its user, and only while the last complete poll of the outbox
 * began within the lease (1 s): so another instance refuses a revoked session at most 1 s after the answer to the
 * revocation. See docs/near-cache.md.
 */
@Injectable()
export class NearCache implements OnModuleInit, OnModuleDestroy {
  private readonly isEnabled: boolean;
  private readonly entries: LRUCache<string, Entry>;
  private readonly sessionsOf = new Map<string, Set<string>>();
  private readonly counts = { hit: 0, miss: 0 };
  /** Counts the changes that may have outdated an answer of Redis in flight. */
  private changes = 0;
  private purging: NodeJS.Timeout | undefined;

  constructor(
    private readonly leases: SyncLeases,
    private readonly userChanges: UserChanges,
    { nearCache }: SessionOptions,
    private readonly timings: NearCacheTimings,
    private readonly clock: Clock,
    metrics: Metrics,
  ) {
    this.isEnabled = nearCache !== undefined;
    this.entries = new LRUCache({
      max: nearCache?.maxSessions ?? 1,
      ttlResolution: 0,
      dispose: ({ found }) => this.removeFromUser(found),
    });
    metrics.sessions.watchNearCache({
      reads: () => this.counts,
      sessions: () => this.entries.size,
      isOpen: () => this.isEnabled && this.leases.areAllFresh(),
    });
  }

  onModuleInit(): void {
    if (this.isEnabled) {
      this.userChanges.onChange((userId) => this.invalidate(userId));
      this.leases.onRevoked((partition) => this.invalidatePartition(partition));
      const purge = () => this.entries.purgeStale();
      this.purging = setInterval(purge, this.timings.maxAgeMs).unref();
    }
  }

  onModuleDestroy(): void {
    clearInterval(this.purging);
  }

  /** Whether entries of the user may be used: the last poll of the outbox is recent. Never while the cache is off. */
  isOpen(userId: string): boolean {
    return this.isEnabled && this.leases.of(userId).isPollFresh();
  }

  /**
   * The session, if the cache has it alive. No round trip.
   * @param epoch in which Redis is in sync now.
   * @param profileKey must have been read together with the session, and exist.
   */
  get(
    userId: string,
    sessionId: string,
    epoch: string,
    profileKey?: string,
  ): LiveSession | undefined {
    if (!this.isEnabled) {
      return undefined;
    }
    const entry = this.entries.get(sessionId);
    if (
      entry?.found.session.userId === userId &&
      entry.epoch === epoch &&
      endsAtMs(entry.found.session) > this.clock.nowMs() &&
      (profileKey === undefined ||
        (entry.profileKey === profileKey && entry.found.cachedProfile !== null)) &&
      this.isOpen(userId)
    ) {
      this.counts.hit += 1;
      return entry.found;
    }
    this.counts.miss += 1;
    return undefined;
  }

  /**
   * Call it before Redis is asked.
   * @returns undefined while the cache cannot be used.
   */
  ask(userId: string): Question | undefined {
    return this.isOpen(userId) ? { changes: this.changes, askedMs: performance.now() } : undefined;
  }

  /** Keeps the answer of Redis, unless anything has changed since the question. */
  keep(
    found: LiveSession,
    epoch: string,
    profileKey: string | undefined,
    question: Question | undefined,
  ): void {
    const { id, userId } = found.session;
    if (question?.changes !== this.changes || !this.isOpen(userId)) {
      return;
    }
    const age = { ttl: this.timings.maxAgeMs, start: question.askedMs };
    // The entry first: the entry that it replaces is removed from the user.
    this.entries.set(id, { found, epoch, profileKey }, age);
    const sessions = this.sessionsOf.get(userId);
    if (sessions) {
      sessions.add(id);
    } else {
      this.sessionsOf.set(userId, new Set([id]));
    }
  }

  /** Drops the entries of the user, and all answers in flight. */
  protected invalidate(userId: string): void {
    this.changes += 1;
    this.sessionsOf.get(userId)?.forEach((sessionId) => this.entries.delete(sessionId));
  }

  protected invalidatePartition(partition: number): void {
    this.changes += 1;
    for (const userId of this.sessionsOf.keys()) {
      if (this.leases.of(userId) === this.leases.at(partition)) {
        this.invalidate(userId);
      }
    }
  }

  private removeFromUser({ session: { id, userId } }: LiveSession): void {
    const sessions = this.sessionsOf.get(userId);
    sessions?.delete(id);
    if (sessions?.size === 0) {
      this.sessionsOf.delete(userId);
    }
  }
}
