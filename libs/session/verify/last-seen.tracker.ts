import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { DependencyUnavailableError, outsideRequest } from '#libs/common';
import { serializeError } from '#libs/log';
import type { Session } from '../session';
import { SessionLifetimes } from '../session-lifetimes';
import { RedisSessionStore, type UsedSession } from '../store/redis-session.store';
import { SessionRepository } from '../store/session.repository';

const FLUSH_DELAY_MS = 2_000;
/** Maximum number of sessions in memory. Beyond it the oldest is dropped, which costs an early write. */
const CAPACITY = 50_000;

/** A use of a session that is not recorded yet. */
interface Use {
  userId: string;
  atMs: number;
}

/**
 * Records when sessions are seen, without a write for each request: each session at most once per minute from this
 * process, and all due sessions in one statement. With an idle time-out more often, and in Redis as well, whose end of
 * the session then moves also while Postgres is away.
 */
@Injectable()
export class LastSeenTracker implements OnModuleDestroy {
  private readonly logger = new Logger('LastSeen');
  private readonly noted = new Map<string, number>();
  private due = new Map<string, Use>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly sessions: SessionRepository,
    private readonly redis: RedisSessionStore,
    private readonly lifetimes: SessionLifetimes,
  ) {}

  /** Costs a lookup in a map; writes nothing itself. */
  note({ id: sessionId, userId }: Pick<Session, 'id' | 'userId'>, nowMs: number): void {
    const last = this.noted.get(sessionId);
    if (last !== undefined && nowMs - last < this.lifetimes.useIntervalMs) {
      return;
    }
    this.remember(sessionId, nowMs);
    this.due.set(sessionId, { userId, atMs: nowMs });
    this.timer ??= setTimeout(
      () => outsideRequest(() => void this.flush()),
      FLUSH_DELAY_MS,
    ).unref();
  }

  /** Writes the due sessions. A failed write is dropped: the next minute repeats it. */
  async flush(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.due.size === 0) {
      return;
    }
    const batch = this.due;
    this.due = new Map();
    await Promise.all([this.recordUse(batch), this.moveEnds(batch)]);
  }

  private async recordUse(batch: ReadonlyMap<string, Use>): Promise<void> {
    try {
      await this.sessions.touch(new Map([...batch].map(([id, { atMs }]) => [id, atMs])));
    } catch (error) {
      // Called by a timer, which cannot catch an error.
      const reason = error instanceof DependencyUnavailableError ? undefined : error;
      this.logger.warn(
        { err: serializeError(reason) },
        `last-seen times of ${batch.size} sessions not recorded`,
      );
    }
  }

  /** What fails is repeated at the next use; until then the record decides. */
  private async moveEnds(batch: ReadonlyMap<string, Use>): Promise<void> {
    const used: UsedSession[] = [];
    for (const [sessionId, { userId, atMs }] of batch) {
      const idleAtMs = this.lifetimes.idleAtMs(atMs);
      if (idleAtMs === undefined) {
        return;
      }
      used.push({ userId, sessionId, idleAtMs });
    }
    try {
      await this.redis.use(used, this.lifetimes.nowMs());
    } catch (error) {
      if (!(error instanceof DependencyUnavailableError)) {
        this.logger.error({ err: serializeError(error) }, 'ends of sessions in Redis not moved');
      }
    }
  }

  async onModuleDestroy(): Promise<void> {
    await this.flush();
  }

  private remember(sessionId: string, nowMs: number): void {
    this.noted.delete(sessionId);
    this.noted.set(sessionId, nowMs);
    if (this.noted.size > CAPACITY) {
      const [oldest = sessionId] = this.noted.keys();
      this.noted.delete(oldest);
    }
  }
}
