import type { INestApplicationContext } from '@nestjs/common';
import type { Command } from 'commander';
import { AdminService } from '#libs/auth';
import { SessionService, type RecordedSession, type SessionCursor } from '#libs/session';
import { deviceName } from '../../api/session/session-page';
import { userIdOf, withApplication } from '../application';
import { print, type OutputOptions } from '../output';
import { formatTable } from '../table';
import { jsonOption } from './json-option';

const EMAIL_HELP = "the account's e-mail address";
const PAGE_SIZE = 500;
const HEADINGS = ['SESSION', 'DEVICE', 'ADDRESS', 'SIGNED IN', 'LAST SEEN', 'EXPIRES'];

export function addSessions(program: Command): void {
  const sessions = program
    .command('sessions')
    .summary("look at and end a user's sessions")
    .description("Look at and end a user's sessions.");
  sessions
    .command('list')
    .summary("list a user's live sessions")
    .description("List a user's live sessions, newest first.")
    .argument('<email>', EMAIL_HELP)
    .addOption(jsonOption())
    .action(list);
  sessions
    .command('revoke')
    .summary("end all of a user's sessions")
    .description("End all of a user's sessions: every token of theirs is refused from now on.")
    .argument('<email>', EMAIL_HELP)
    .addOption(jsonOption())
    .action(revoke);
}

async function list(email: string, options: OutputOptions): Promise<void> {
  const found = await withApplication(async (app) => listAll(app, await userIdOf(app, email)));
  const sessions = found.map(toRow);
  const text =
    sessions.length > 0
      ? formatTable(HEADINGS, sessions.map(toCells))
      : `${email} has no live session.`;
  print({ text, data: { sessions } }, options);
}

async function revoke(email: string, options: OutputOptions): Promise<void> {
  const revokedSessions = await withApplication(async (app) =>
    app.get(AdminService).revokeSessions(await userIdOf(app, email)),
  );
  const text = `Sessions ended: ${revokedSessions}.`;
  print({ text, data: { revokedSessions } }, options);
}

async function listAll(app: INestApplicationContext, userId: string): Promise<RecordedSession[]> {
  const service = app.get(SessionService);
  const all: RecordedSession[] = [];
  let after: SessionCursor | undefined;
  for (;;) {
    const page = await service.list(userId, PAGE_SIZE, after);
    all.push(...page);
    after = page.at(-1);
    if (page.length < PAGE_SIZE) {
      return all;
    }
  }
}

/** Named as in the answer of the API. */
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
