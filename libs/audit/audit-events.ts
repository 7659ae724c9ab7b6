import { setTimeout as pause } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { Clock } from '#libs/common';
import { AuditEventStore, type EventCursor } from './audit-event.store';
import type { SecurityEvent } from './security-event';

/** Rows that one statement deletes, and the breath between two: other statements come first. */
const CLEAN_UP_BATCH = 1000;
const CLEAN_UP_PAUSE_MS = 100;

/** What has been recorded: shown, and deleted when its time is over. */
@Injectable()
export class AuditEvents {
  constructor(
    private readonly store: AuditEventStore,
    private readonly clock: Clock,
  ) {}

  /**
   * A page of the events that concern a user, newest first; also of a user who is gone. One query.
   * @throws DependencyUnavailableError
   */
  async list(userId: string, limit: number, after?: EventCursor): Promise<SecurityEvent[]> {
    return this.store.list(userId, limit, after);
  }

  /**
   * Deletes what is older, in bounded batches.
   * @returns how many.
   * @throws DependencyUnavailableError; what was deleted until then stays deleted.
   */
  async deleteOld(retentionSeconds: number): Promise<number> {
    const beforeMs = this.clock.nowMs() - retentionSeconds * 1000;
    let total = 0;
    for (;;) {
      const deleted = await this.store.deleteBefore(beforeMs, CLEAN_UP_BATCH);
      total += deleted;
      if (deleted < CLEAN_UP_BATCH) {
        return total;
      }
      await pause(CLEAN_UP_PAUSE_MS);
    }
  }
}
