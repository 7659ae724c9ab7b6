import {
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { DependencyUnavailableError } from '#libs/common';
import { serializeError } from '#libs/log';
import { AuditEventRepository } from './audit-event.repository';
import type { AuditEvent } from './audit-event';

/** How long an event waits for others that the same statement can write. */
const INTERVAL_MS = 500;
/** Events that one statement writes. */
const BATCH = 500;
/** Maximum number of waiting events: about 5 MB. */
const CAPACITY = 10_000;

/**
 * Events that wait for their row; no request waits for them. While Postgres is unavailable they stay, and are tried
 * again. Events beyond the maximum get no row, and are counted.
 */
@Injectable()
export class EventQueue implements OnModuleInit, BeforeApplicationShutdown {
  private readonly logger = new Logger('AuditRecorder');
  private readonly waiting: AuditEvent[] = [];
  private writing: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;
  private dropped = 0;
  private isOverflowing = false;

  constructor(private readonly store: AuditEventRepository) {}

  /** Number of events without a row, since the start. */
  get droppedEvents(): number {
    return this.dropped;
  }

  /** A timer of its own: one that `add` starts would run in the caller's transaction. */
  onModuleInit(): void {
    this.timer = setInterval(() => void this.flush(), INTERVAL_MS).unref();
  }

  add(event: AuditEvent): void {
    if (this.waiting.length < CAPACITY) {
      this.waiting.push(event);
      return;
    }
    this.dropped += 1;
    if (!this.isOverflowing) {
      this.isOverflowing = true;
      this.logger.error('too many events wait for Postgres: further events are in the log only');
    }
  }

  /** Writes the waiting events, as far as Postgres accepts them. Never rejects. */
  flush(): Promise<void> {
    this.writing ??= this.write().finally(() => (this.writing = undefined));
    return this.writing;
  }

  /** Runs after the last request, while the pool is open. */
  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    // A write in progress may have begun before Postgres recovered.
    await this.writing;
    await this.flush();
    if (this.waiting.length > 0) {
      this.logger.error(
        `${this.waiting.length} events are in the log only: Postgres is unavailable`,
      );
    }
  }

  private async write(): Promise<void> {
    while (this.waiting.length > 0) {
      const batch = this.waiting.slice(0, BATCH);
      try {
        await this.store.insert(batch);
      } catch (error) {
        if (error instanceof DependencyUnavailableError) {
          return;
        }
        // Postgres would reject the batch again, and others wait behind it.
        this.dropped += batch.length;
        this.logger.error(
          { err: serializeError(error) },
          `${batch.length} events are in the log only`,
        );
      }
      this.waiting.splice(0, batch.length);
    }
    if (this.isOverflowing) {
      this.isOverflowing = false;
      this.logger.warn(`events are written again; missing since the start: ${this.dropped}`);
    }
  }
}
