import { parsePageCursor, toPage } from '#libs/http';
import { deviceName, type RecordedSession, type SessionCursor } from '#libs/session';
import type { DeviceSessionDto, SessionListDto } from './session.dto';

/**
 * @returns undefined for the first page.
 * @throws MalformedCursorError
 */
export function parseCursor(cursor: string | undefined): SessionCursor | undefined {
  const parsed = parsePageCursor(cursor);
  return parsed && { createdAtMs: parsed.atMs, id: parsed.id };
}

/** See `toPage`. */
export function toSessionPage(
  found: readonly RecordedSession[],
  limit: number,
  currentId: string | undefined,
): SessionListDto {
  const { items, nextCursor } = toPage(found, limit, ({ createdAtMs: atMs, id }) => ({ atMs, id }));
  return { sessions: items.map((session) => toDevice(session, currentId)), nextCursor };
}

function toDevice(session: RecordedSession, currentId: string | undefined): DeviceSessionDto {
  return {
    id: session.id,
    current: session.id === currentId,
    createdAt: new Date(session.createdAtMs).toISOString(),
    lastSeenAt: new Date(session.lastSeenAtMs).toISOString(),
    expiresAt: new Date(session.expiresAtMs).toISOString(),
    ip: session.ip,
    userAgent: session.userAgent,
    device: deviceName(session.userAgent),
  };
}
