import type { INestApplicationContext } from '@nestjs/common';
import { AdminService } from '#libs/auth';
import { parseId } from '#libs/http';
import { deviceName, SessionList, type RecordedSession, type SessionCursor } from '#libs/session';
import { withAccount } from '../application';
import { InvalidOptionError } from '../failure';
import { print, type OutputOptions } from '../output';
import { formatTable } from '../table';

export interface RevokeOptions extends OutputOptions {
  /** Id of the only session to revoke. */
  session?: string;
}

const PAGE_SIZE = 500;
const HEADINGS = ['SESSION', 'DEVICE', 'ADDRESS', 'SIGNED IN', 'LAST SEEN', 'EXPIRES'];

export async function listSessions(email: string, options: OutputOptions): Promise<void> {
  const found = await withAccount(email, allSessionsOf);
  const sessions = found.map(toRow);
  const text =
    sessions.length > 0
      ? formatTable(HEADINGS, sessions.map(toCells))
      : `${email} has no active session.`;
  print({ text, data: { sessions } }, options);
}

/** @throws InvalidOptionError, before any store is tried; SessionNotFoundError */
export async function revokeSessions(email: string, options: RevokeOptions): Promise<void> {
  const { session } = options;
  const sessionId = session === undefined ? undefined : parseId(session);
  if (sessionId === null) {
    throw new InvalidOptionError('--session', 'must be the id of a session');
  }
  const revokedSessions = await withAccount(email, async (app, userId) => {
    const admin = app.get(AdminService);
    if (sessionId === undefined) {
      return admin.revokeSessions(userId);
    }
    await admin.revokeSession(userId, sessionId);
    return 1;
  });
  const text = `Sessions revoked: ${revokedSessions}.`;
  print({ text, data: { revokedSessions } }, options);
}

/** All active sessions of a user, newest first. */
export async function allSessionsOf(
  app: INestApplicationContext,
  userId: string,
): Promise<RecordedSession[]> {
  const sessions = app.get(SessionList);
  const all: RecordedSession[] = [];
  let after: SessionCursor | undefined;
  for (;;) {
    const page = await sessions.list(userId, PAGE_SIZE, after);
    all.push(...page);
    after = page.at(-1);
    if (page.length < PAGE_SIZE) {
      return all;
    }
  }
}

/** Field names as in the answers of the API. */
function toRow(session: RecordedSession) {
  return {
    id: session.id,
    createdAt: new Date(session.createdAtMs).toISOString(),
    lastSeenAt: new Date(session.lastSeenAtMs).toISOString(),
    expiresAt: new Date(session.expiresAtMs).toISOString(),
    ip: session.ip,
    userAgent: session.userAgent,
    device: deviceName(session.userAgent),
  };
}

function toCells(row: ReturnType<typeof toRow>): string[] {
  const { id, device, ip, createdAt, lastSeenAt, expiresAt } = row;
  return [id, device, ip ?? '-', ...[createdAt, lastSeenAt, expiresAt].map(toSeconds)];
}

function toSeconds(instant: string): string {
  return instant.replace(/\.\d+Z$/, 'Z');
}
