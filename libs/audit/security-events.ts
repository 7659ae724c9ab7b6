import { randomUUID } from 'node:crypto';
import { Injectable, Logger } from '@nestjs/common';
import { Clock, currentRequest, parseIpAddress } from '#libs/common';
import { Database } from '#libs/database';
import { AuditEventStore } from './audit-event.store';
import { EventQueue } from './event-queue';
import { SECURITY_EVENT_LEVELS, type NewSecurityEvent, type SecurityEvent } from './security-event';

const USER_AGENT_MAX_LENGTH = 512;

/** Is told of an event. Must not throw. */
export type SecurityEventListener = (event: SecurityEvent) => void;

/**
 * Takes note of what matters to the security of accounts: one line in the log and one row in the
 * table for each event.
 */
@Injectable()
export class SecurityEvents {
  private readonly logger = new Logger('SecurityEvents');
  private readonly listeners: SecurityEventListener[] = [];

  constructor(
    private readonly store: AuditEventStore,
    private readonly queue: EventQueue,
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** Events that are missing in the table, since the start of this process. */
  get droppedEvents(): number {
    return this.queue.droppedEvents;
  }

  /** Tells of each event when it has happened: a rolled back one has not. */
  onRecorded(listener: SecurityEventListener): void {
    this.listeners.push(listener);
  }

  /** Writes the line now and the row soon. Never throws, never waits. */
  record(event: NewSecurityEvent): void {
    const complete = this.complete(event);
    this.queue.add(complete);
    this.announce(complete);
  }

  /**
   * Writes the rows in the surrounding transaction, so that they are there if and only if the change is,
   * and the lines when that has committed. One query.
   * @throws DependencyUnavailableError
   */
  async recordInTransaction(...events: NewSecurityEvent[]): Promise<void> {
    const complete = events.map((event) => this.complete(event));
    await this.store.insert(complete);
    this.database.afterCommit(() => complete.forEach((event) => this.announce(event)));
  }

  private complete({ name, userId, details, ...told }: NewSecurityEvent): SecurityEvent {
    const request = currentRequest();
    const asking = request?.session;
    const isOwn = asking?.userId === userId;
    const { ip, userAgent } = told.origin ?? request?.origin() ?? {};
    return {
      id: randomUUID(),
      name,
      occurredAtMs: this.clock.nowMs(),
      userId,
      sessionId: told.sessionId ?? (isOwn ? asking.id : null),
      actorId: isOwn ? null : (asking?.userId ?? null),
      ip: parseIpAddress(ip) ?? null,
      userAgent: userAgent?.slice(0, USER_AGENT_MAX_LENGTH) ?? null,
      requestId: request?.requestId ?? null,
      details,
    };
  }

  /** The user agent stands in the table only: a line holds no text of a client's own. */
  private announce(event: SecurityEvent): void {
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
    if (SECURITY_EVENT_LEVELS[name] === 'warn') {
      this.logger.warn(line, 'security event');
    } else {
      this.logger.log(line, 'security event');
    }
    this.listeners.forEach((listener) => listener(event));
  }
}
