import type { EventCursor, AuditEvent } from '#libs/audit';
import { parsePageCursor, toPage } from '#libs/http';
import type { AdminAuditEventDto, AuditEventDto } from './audit-event.dto';

/**
 * @returns undefined for the first page.
 * @throws MalformedCursorError
 */
export function parseCursor(cursor: string | undefined): EventCursor | undefined {
  const parsed = parsePageCursor(cursor);
  return parsed && { occurredAtMs: parsed.atMs, id: parsed.id };
}

/** See `toPage`. */
export function toEventPage<Dto>(
  found: readonly AuditEvent[],
  limit: number,
  toDto: (event: AuditEvent) => Dto,
): { events: Dto[]; nextCursor: string | null } {
  const { items, nextCursor } = toPage(found, limit, ({ occurredAtMs: atMs, id }) => ({
    atMs,
    id,
  }));
  return { events: items.map(toDto), nextCursor };
}

/** An event as its user sees it: without the address of an administrator. */
export function toOwnEvent(event: AuditEvent): AuditEventDto {
  const { ip, userAgent, actorId } = event;
  return { ...toShared(event), ...(actorId ? NOWHERE : { ip, userAgent }) };
}

/** An event as administrators see it. */
export function toAdminEvent(event: AuditEvent): AdminAuditEventDto {
  const { ip, userAgent, actorId, requestId } = event;
  return { ...toShared(event), ip, userAgent, actorId, requestId };
}

const NOWHERE = { ip: null, userAgent: null };

function toShared({ id, name, occurredAtMs, sessionId, details }: AuditEvent) {
  return { id, name, occurredAt: new Date(occurredAtMs).toISOString(), sessionId, details };
}
