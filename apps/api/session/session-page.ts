import bowser from 'bowser';
import type { RecordedSession, SessionCursor } from '#libs/session';
import { parsePageCursor, toPage } from '../http/page-cursor';
import type { DeviceSessionDto, SessionListDto } from './session.dto';

/** Where a page begins, or undefined for the first. @throws MalformedCursorError */
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

/** `Firefox on macOS`; whatever part is unknown is left out. */
export function deviceName(userAgent: string | null): string {
  if (!userAgent) {
    return 'Unknown device';
  }
  const { browser, os } = bowser.parse(userAgent);
  if (browser.name && os.name) {
    return `${browser.name} on ${os.name}`;
  }
  const product = userAgent.split('/')[0]?.slice(0, 40);
  // The parser says an empty name for programs that are no browser.
  return [browser.name, os.name, product].find(Boolean) ?? 'Unknown device';
}
