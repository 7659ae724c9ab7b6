import { randomUUID } from 'node:crypto';
import { Injectable, Logger } from '@nestjs/common';
import { Clock, currentRequest, parseIpAddress, storedUserAgent } from '#libs/common';
import { Database } from '#libs/database';
import { AuditEventRepository } from './audit-event.repository';
import { EventQueue } from './event-queue';
import { AUDIT_EVENT_LEVELS, type NewAuditEvent, type AuditEvent } from './audit-event';

/** Receives each event. Must not throw. */
export type AuditEventListener = (event: AuditEvent) => void;

/** Records audit events: one line in the log and one row in the table for each event. */
@Injectable()
export class AuditRecorder {
  private readonly logger = new Logger('AuditRecorder');
  private readonly listeners: AuditEventListener[] = [];

  constructor(
    private readonly store: AuditEventRepository,
    private readonly queue: EventQueue,
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** Number of events without a row, since the start of this process. */
  get droppedEvents(): number {
    return this.queue.droppedEvents;
  }

  /** Calls `listener` for each event that has occurred; the event of a rolled back transaction has not. */
  onRecorded(listener: AuditEventListener): void {
    this.listeners.push(listener);
  }

  /** Writes the line immediately and the row soon. Never throws, never waits. */
  record(event: NewAuditEvent): void {
    const complete = this.complete(event);
    this.queue.add(complete);
    this.publish(complete);
  }

  /**
   * Writes the rows in the surrounding transaction, so that they commit with the change, and the lines after the
   * commit. One query.
   * @throws DependencyUnavailableError
   */
  async recordInTransaction(...events: NewAuditEvent[]): Promise<void> {
    const complete = events.map((event) => this.complete(event));
    await this.store.insert(complete);
    this.database.afterCommit(() => complete.forEach((event) => this.publish(event)));
  }

  private complete({ name, userId, details, ...told }: NewAuditEvent): AuditEvent {
    const request = currentRequest();
    const asking = request?.session;
    const isOwn = asking?.userId === userId;
    const origin = told.origin ?? request?.origin() ?? {};
    return {
      id: randomUUID(),
      name,
      occurredAtMs: this.clock.nowMs(),
      userId,
      sessionId: told.sessionId ?? (isOwn ? asking.id : null),
      actorId: isOwn ? null : (asking?.userId ?? null),
      ip: parseIpAddress(origin.ip) ?? null,
      userAgent: storedUserAgent(origin),
      requestId: request?.requestId ?? null,
      details,
    };
  }

  /** The user agent is stored in the table only: log lines hold no text of a client. */
  private publish(event: AuditEvent): void {
    const { name, requestId, userId, sessionId, actorId, ip, details } = event;
    const line = {
      event: name,
      ...(requestId !== null && { requestId }),
      userId,
      sessionId,
      actorId,
      ip,
      details,
    };
    if (AUDIT_EVENT_LEVELS[name] === 'warn') {
      this.logger.warn(line, 'audit event');
    } else {
      this.logger.log(line, 'audit event');
    }
    this.listeners.forEach((listener) => listener(event));
  }
}
