import { randomUUID } from 'node:crypto';
import { Injectable, Logger } from '@nestjs/common';
import { Clock, currentRequest, parseIpAddress, storedUserAgent } from '#libs/common';
import { Database } from '#libs/database';
import { AuditEventRepository } from './audit-event.repository';
import { EventQueue } from './event-queue';
import { AUDIT_EVENT_LEVELS, type NewAuditEvent, type AuditEvent } from './audit-event';

/** Is told of an event. Must not throw. */
export type AuditEventListener = (event: AuditEvent) => void;

/**
 * Takes note of what matters to the security of accounts: one line in the log and one row in the
 * table for each event.
 */
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

  /** Events that are missing in the table, since the start of this process. */
  get droppedEvents(): number {
    return this.queue.droppedEvents;
  }

  /** Tells of each event when it has happened: a rolled back one has not. */
  onRecorded(listener: AuditEventListener): void {
    this.listeners.push(listener);
  }

  /** Writes the line now and the row soon. Never throws, never waits. */
  record(event: NewAuditEvent): void {
    const complete = this.complete(event);
    this.queue.add(complete);
    this.publish(complete);
  }

  /**
   * Writes the rows in the surrounding transaction, so that they are there if and only if the change is,
   * and the lines when that has committed. One query.
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

  /** The user agent stands in the table only: a line holds no text of a client's own. */
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
