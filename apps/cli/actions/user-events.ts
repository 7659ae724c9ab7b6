import type { INestApplicationContext } from '@nestjs/common';
import { AuditEvents, type EventCursor, type AuditEvent } from '#libs/audit';
import { parseId } from '#libs/http';
import { deviceName } from '#libs/session';
import { withAccount, withApplication } from '../application';
import { UnknownUserError } from '../failure';
import { print, type OutputOptions } from '../output';
import { formatTable } from '../table';

export interface EventsOptions extends OutputOptions {
  limit: number;
}

const PAGE_SIZE = 500;
const HEADINGS = ['TIME', 'EVENT', 'REASON', 'ADDRESS', 'DEVICE', 'SESSION'];

/** @param user an e-mail address, or a user id: events of a deleted account have only the id. */
export async function listUserEvents(user: string, options: EventsOptions): Promise<void> {
  const id = parseId(user);
  const found =
    id === null
      ? await withAccount(user, (app, userId) =>
          readPages(app.get(AuditEvents), userId, options.limit),
        )
      : await withApplication((app) => readById(app, id, options.limit));
  const events = found.map(toRow);
  const text =
    events.length > 0 ? formatTable(HEADINGS, events.map(toCells)) : `${user} has no audit events.`;
  print({ text, data: { events } }, options);
}

async function readById(
  app: INestApplicationContext,
  userId: string,
  limit: number,
): Promise<AuditEvent[]> {
  const events = await readPages(app.get(AuditEvents), userId, limit);
  if (events.length === 0) {
    throw new UnknownUserError(userId);
  }
  return events;
}

async function readPages(
  events: AuditEvents,
  userId: string,
  limit: number,
): Promise<AuditEvent[]> {
  const all: AuditEvent[] = [];
  let after: EventCursor | undefined;
  while (all.length < limit) {
    const size = Math.min(PAGE_SIZE, limit - all.length);
    const page = await events.list(userId, size, after);
    all.push(...page);
    after = page.at(-1);
    if (page.length < size) {
      break;
    }
  }
  return all;
}

/** Field names as in the answers of the API to an administrator. */
function toRow(event: AuditEvent) {
  const { id, name, occurredAtMs, sessionId, actorId, ip, userAgent, requestId, details } = event;
  return {
    id,
    name,
    occurredAt: new Date(occurredAtMs).toISOString(),
    sessionId,
    actorId,
    ip,
    userAgent,
    device: userAgent === null ? null : deviceName(userAgent),
    requestId,
    details,
  };
}

function toCells(row: ReturnType<typeof toRow>): string[] {
  const { occurredAt, name, details, ip, device, sessionId } = row;
  const time = occurredAt.replace(/\.\d+Z$/, 'Z');
  return [time, name, reasonOf(details), ip ?? '-', device ?? '-', sessionId ?? '-'];
}

/** `revoked_by_administrator revokedSessions=2` */
function reasonOf(details: Record<string, unknown>): string {
  const { reason, ...others } = details;
  const words = Object.entries(others).map(([name, value]) => `${name}=${String(value)}`);
  return [...(typeof reason === 'string' ? [reason] : []), ...words].join(' ') || '-';
}
