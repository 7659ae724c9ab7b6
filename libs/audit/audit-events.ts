import { Injectable } from '@nestjs/common';
import { Clock, deleteInBatches } from '#libs/common';
import { AuditEventRepository, type EventCursor } from './audit-event.repository';
import type { AuditEvent, AuditEventName } from './audit-event';

/** The stored audit events: lists them, and deletes them after the retention. */
@Injectable()
export class AuditEvents {
  constructor(
    private readonly store: AuditEventRepository,
    private readonly clock: Clock,
  ) {}

  /**
   * A page of a user's events, newest first; also of a deleted user. One query.
   * @throws DependencyUnavailableError
   */
  async list(userId: string, limit: number, after?: EventCursor): Promise<AuditEvent[]> {
    return this.store.list(userId, limit, after);
  }

  /**
   * The newest event of a user with one of these names; null if none is stored. One query.
   * @throws DependencyUnavailableError
   */
  async findLast(userId: string, names: readonly AuditEventName[]): Promise<AuditEvent | null> {
    return this.store.findLast(userId, names);
  }

  /**
   * Deletes older events, in bounded batches.
   * @param signal ends it between two batches.
   * @returns the number of deleted events.
   * @throws DependencyUnavailableError; events deleted before it stay deleted.
   */
  async deleteOld(retentionSeconds: number, signal?: AbortSignal): Promise<number> {
    const beforeMs = this.clock.nowMs() - retentionSeconds * 1000;
    return deleteInBatches((limit) => this.store.deleteBefore(beforeMs, limit), signal);
  }
}
