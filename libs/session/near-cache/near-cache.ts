import {
  Injectable,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import { Metrics } from '#libs/metrics';
import { RedisClient, type KeyChangeFeed } from '#libs/redis';
import { RedisTrust, UserChanges } from '#libs/sync';
import { SessionOptions } from '../session.options';
import { sessionKeys } from '../store/session.keys';
import type { Verification } from '../store/session-verifier';
import { NearCacheTimings } from './near-cache-timings';
import { NearEntries, type NearEntry } from './near-entries';
import { RecentChanges } from './recent-changes';

export type LiveSession = Extract<Verification, { state: 'live' }>;

/** What is known before Redis is asked; to be given back with its answer. */
export interface Question {
  readonly stamp: number;
  /** By the monotonic clock. */
  readonly askedMs: number;
}

interface Kept extends NearEntry {
  readonly found: LiveSession;
  readonly era: string;
  /** Absent: nothing was read along. */
  readonly companionKey: string | undefined;
}

/**
 * Sessions that Redis has just confirmed, in the memory of this process, for as long as Redis would say
 * of every change to them. Off unless the options say otherwise. An answer may be as old as a change
 * takes to arrive; when that cannot be told any more, half a second, and then there is none.
 */
@Injectable()
export class NearCache implements OnModuleInit, OnApplicationBootstrap, OnModuleDestroy {
  private readonly entries: NearEntries<Kept>;
  private readonly changes = new RecentChanges();
  private readonly companionPrefix: string | undefined;
  private readonly counts = { hit: 0, miss: 0 };
  private told = 0;
  private feed: KeyChangeFeed | undefined;
  private sweeper: NodeJS.Timeout | undefined;

  constructor(
    private readonly redis: RedisClient,
    private readonly trust: RedisTrust,
    private readonly userChanges: UserChanges,
    private readonly options: SessionOptions,
    private readonly timings: NearCacheTimings,
    metrics: Metrics,
  ) {
    const { maxSessions = 0, companionPrefix } = options.nearCache ?? {};
    this.entries = new NearEntries(maxSessions);
    this.companionPrefix = companionPrefix;
    metrics.sessions.watchNearCache({
      reads: () => this.counts,
      sessions: () => this.entries.size,
      changes: () => this.told,
      isOpen: () => this.isOpen(),
    });
  }

  onModuleInit(): void {
    if (this.options.nearCache) {
      this.userChanges.onChange((userId) => this.forget(userId));
      this.trust.onLoss(() => this.forgetAll());
    }
  }

  onApplicationBootstrap(): void {
    if (this.options.nearCache) {
      const companions = this.companionPrefix === undefined ? [] : [this.companionPrefix];
      this.feed = this.redis.watchKeys([...sessionKeys.prefixes, ...companions], {
        changed: (keys) => this.keysChanged(keys),
        allChanged: () => this.forgetAll(),
      });
      this.feed.start();
      this.sweeper = setInterval(() => this.sweep(), this.timings.maxAgeMs).unref();
    }
  }

  onModuleDestroy(): void {
    clearInterval(this.sweeper);
    this.feed?.stop();
  }

  /** Whether Redis would say of every change. Never while the cache is off. */
  isOpen(): boolean {
    return this.feed?.isCurrent() ?? false;
  }

  /**
   * The session, if it is known to be alive. Asks nobody.
   * @param era in which Redis is believed now.
   * @param companionKey to be known as well, and to exist.
   */
  get(
    userId: string,
    sessionId: string,
    era: string,
    nowMs: number,
    companionKey?: string,
  ): LiveSession | undefined {
    if (!this.feed) {
      return undefined;
    }
    const kept = this.entries.get(sessionId);
    if (
      kept?.userId === userId &&
      kept.era === era &&
      kept.found.session.expiresAtMs > nowMs &&
      (companionKey === undefined ||
        (kept.companionKey === companionKey && kept.found.companion !== null)) &&
      performance.now() - kept.askedMs < this.timings.maxAgeMs &&
      this.isOpen()
    ) {
      this.counts.hit += 1;
      return kept.found;
    }
    this.counts.miss += 1;
    return undefined;
  }

  /** To be called before Redis is asked. @returns undefined while nothing can be kept. */
  ask(): Question | undefined {
    return this.isOpen() ? { stamp: this.changes.stamp(), askedMs: performance.now() } : undefined;
  }

  /** Keeps what Redis answered, unless something of the user has changed since it was asked. */
  keep(
    found: LiveSession,
    era: string,
    companionKey: string | undefined,
    question: Question | undefined,
  ): void {
    const { id: sessionId, userId } = found.session;
    if (!question || !this.isOpen() || !this.changes.isUnchanged(userId, question.stamp)) {
      return;
    }
    const { askedMs } = question;
    const isWatched = this.companionPrefix && companionKey?.startsWith(this.companionPrefix);
    const key = isWatched ? companionKey : undefined;
    this.entries.put({ userId, sessionId, askedMs, found, era, companionKey: key });
  }

  /** Goes by nothing any more that was known of the user, or is being asked. */
  protected forget(userId: string): void {
    this.changes.note(userId);
    this.entries.removeUser(userId);
  }

  protected forgetAll(): void {
    this.changes.noteAll();
    this.entries.clear();
  }

  /** Redis says so. */
  protected keysChanged(keys: readonly string[]): void {
    this.told += keys.length;
    for (const key of keys) {
      this.forget(userIn(key));
    }
  }

  private sweep(): void {
    this.entries.removeAskedBefore(performance.now() - this.timings.maxAgeMs);
  }
}

/** All keys of a user name them in braces. */
function userIn(key: string): string {
  return key.slice(key.indexOf('{') + 1, key.indexOf('}'));
}
