import type { EventCursor, SecurityEvent } from '#libs/audit';
import { parsePageCursor, toPage } from '../http/page-cursor';
import type { AuditEventDto, SecurityEventDto } from './security-event.dto';

/** Where a page begins, or undefined for the first. @throws MalformedCursorError */
export function parseCursor(cursor: string | undefined): EventCursor | undefined {
  const parsed = parsePageCursor(cursor);
  return parsed && { occurredAtMs: parsed.atMs, id: parsed.id };
}

/** See `toPage`. */
export function toEventPage<Dto>(
  found: readonly SecurityEvent[],
  limit: number,
  toDto: (event: SecurityEvent) => Dto,
): { events: Dto[]; nextCursor: string | null } {
  const { items, nextCursor } = toPage(found, limit, ({ occurredAtMs: atMs, id }) => ({
    atMs,
    id,
  }));
  return { events: items.map(toDto), nextCursor };
}

/** As its user is shown it: where an administrator sat is none of their business. */
export function toOwnEvent(event: SecurityEvent): SecurityEventDto {
  const { ip, userAgent, actorId } = event;
  return { ...toShared(event), ...(actorId ? NOWHERE : { ip, userAgent }) };
}

/** As administrators are shown it. */
export function toAuditEvent(event: SecurityEvent): AuditEventDto {
  const { ip, userAgent, actorId, requestId } = event;
  return { ...toShared(event), ip, userAgent, actorId, requestId };
}

const NOWHERE = { ip: null, userAgent: null };

function toShared({ id, name, occurredAtMs, sessionId, details }: SecurityEvent) {
  return { id, name, occurredAt: new Date(occurredAtMs).toISOString(), sessionId, details };
}
