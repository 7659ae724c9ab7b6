import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { DependencyUnavailableError, outsideRequest } from '#libs/common';
import { serializeError } from '#libs/log';
import { SessionRepository } from '../store/session.repository';

const INTERVAL_MS = 60_000;
const FLUSH_DELAY_MS = 2_000;
/** Maximum number of sessions in memory. Beyond it the oldest is dropped, which costs an early write. */
const CAPACITY = 50_000;

/**
 * Records when sessions are seen, without a write for each request: each session at most once per minute from this
 * process, and all due sessions in one statement.
 */
@Injectable()
export class LastSeenTracker implements OnModuleDestroy {
  private readonly logger = new Logger('LastSeen');
  private readonly noted = new Map<string, number>();
  private due = new Map<string, number>();
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly sessions: SessionRepository) {}

  /** Costs a lookup in a map; writes nothing itself. */
  note(sessionId: string, nowMs: number): void {
    const last = this.noted.get(sessionId);
    if (last !== undefined && nowMs - last < INTERVAL_MS) {
      return;
    }
    this.remember(sessionId, nowMs);
    this.due.set(sessionId, nowMs);
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
    try {
      await this.sessions.touch(batch);
    } catch (error) {
      // Called by a timer, which cannot catch an error.
      const reason = error instanceof DependencyUnavailableError ? undefined : error;
      this.logger.warn(
        { err: serializeError(reason) },
        `last-seen times of ${batch.size} sessions not recorded`,
      );
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
