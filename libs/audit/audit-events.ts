import { Injectable } from '@nestjs/common';
import { Clock, deleteInBatches } from '#libs/common';
import { AuditEventRepository, type EventCursor } from './audit-event.repository';
import type { AuditEvent, AuditEventName } from './audit-event';

/** What has been recorded: shown, and deleted when its time is over. */
@Injectable()
export class AuditEvents {
  constructor(
    private readonly store: AuditEventRepository,
    private readonly clock: Clock,
  ) {}

  /**
   * A page of the events that concern a user, newest first; also of a user who is gone. One query.
   * @throws DependencyUnavailableError
   */
  async list(userId: string, limit: number, after?: EventCursor): Promise<AuditEvent[]> {
    return this.store.list(userId, limit, after);
  }

  /**
   * The newest event of a user with one of these names; null where none is kept. One query.
   * @throws DependencyUnavailableError
   */
  async findLast(userId: string, names: readonly AuditEventName[]): Promise<AuditEvent | null> {
    return this.store.findLast(userId, names);
  }

  /**
   * Deletes what is older, in bounded batches.
   * @param signal ends it between two batches.
   * @returns how many.
   * @throws DependencyUnavailableError; what was deleted until then stays deleted.
   */
  async deleteOld(retentionSeconds: number, signal?: AbortSignal): Promise<number> {
    const beforeMs = this.clock.nowMs() - retentionSeconds * 1000;
    return deleteInBatches((limit) => this.store.deleteBefore(beforeMs, limit), signal);
  }
}
