import type { INestApplicationContext } from '@nestjs/common';
import { InvitationNotFoundError, Invitations } from '#libs/auth';
import { parseId } from '#libs/http';
import type { Invitation, InvitationCursor, Role } from '#libs/user';
import { checkEmail, withApplication } from '../application';
import { print, type OutputOptions } from '../output';
import { formatTable } from '../table';

export interface InviteOptions extends OutputOptions {
  email?: string;
  role: Role;
  /** Seconds. */
  expiresIn?: number;
}

export interface ListInvitationsOptions extends OutputOptions {
  limit: number;
}

const PAGE_SIZE = 200;
const HEADINGS = ['ID', 'EMAIL', 'ROLE', 'ACCOUNT', 'CREATED', 'EXPIRES'];

export async function createInvitation(options: InviteOptions): Promise<void> {
  const { email, role, expiresIn: expiresInSeconds } = options;
  if (email !== undefined) {
    checkEmail(email);
  }
  const { id, code, expiresAtMs } = await withApplication((app) =>
    app.get(Invitations).create({ email, role, expiresInSeconds }),
  );
  const expiresAt = new Date(expiresAtMs).toISOString();
  const text = `The code, valid until ${expiresAt}:\n${code}`;
  print({ text, data: { id, code, expiresAt } }, options);
}

export async function listInvitations(options: ListInvitationsOptions): Promise<void> {
  const found = await withApplication((app) => readPages(app, options.limit));
  const invitations = found.map(toRow);
  const text =
    invitations.length > 0
      ? formatTable(HEADINGS, invitations.map(toCells))
      : 'There is no invitation.';
  print({ text, data: { invitations } }, options);
}

export async function deleteInvitation(text: string, options: OutputOptions): Promise<void> {
  const id = parseId(text);
  if (id === null) {
    throw new InvitationNotFoundError();
  }
  await withApplication((app) => app.get(Invitations).delete(id));
  print({ text: 'The invitation is deleted.', data: { id, deleted: true } }, options);
}

async function readPages(app: INestApplicationContext, limit: number): Promise<Invitation[]> {
  const all: Invitation[] = [];
  let after: InvitationCursor | undefined;
  while (all.length < limit) {
    const size = Math.min(PAGE_SIZE, limit - all.length);
    const page = await app.get(Invitations).list(size, after);
    all.push(...page);
    after = page.at(-1);
    if (page.length < size) {
      break;
    }
  }
  return all;
}

/** Field names as in the answers of the API. */
function toRow({ id, email, role, userId, createdAtMs, expiresAtMs }: Invitation) {
  const createdAt = new Date(createdAtMs).toISOString();
  return { id, email, role, userId, createdAt, expiresAt: new Date(expiresAtMs).toISOString() };
}

function toCells(row: ReturnType<typeof toRow>): string[] {
  const { id, email, role, userId, createdAt, expiresAt } = row;
  return [id, email ?? '-', role, userId ?? '-', createdAt, expiresAt];
}
