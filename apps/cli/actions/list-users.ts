import type { INestApplicationContext } from '@nestjs/common';
import type { DirectoryCursor, DirectoryQuery, Role } from '#libs/user';
import { AdminUsers, type AdminUser } from '../../admin-users';
import { withApplication } from '../application';
import { print, type OutputOptions } from '../output';
import { formatTable } from '../table';

export interface ListOptions extends OutputOptions {
  prefix?: string;
  role?: Role;
  disabled?: boolean;
  enabled?: boolean;
  limit: number;
}

const PAGE_SIZE = 200;
const HEADINGS = ['ID', 'EMAIL', 'NAME', 'ROLE', 'DISABLED', 'SESSIONS', 'LAST SIGN-IN'];

export async function listUsers(options: ListOptions): Promise<void> {
  const { prefix, role, limit } = options;
  const disabled = options.disabled ? true : options.enabled ? false : undefined;
  const query = {
    ...(prefix !== undefined && { prefix }),
    ...(role !== undefined && { role }),
    ...(disabled !== undefined && { disabled }),
  };
  const users = await withApplication((app) => readPages(app, query, limit));
  const text = users.length > 0 ? formatTable(HEADINGS, users.map(toCells)) : 'No account matches.';
  print({ text, data: { users } }, options);
}

async function readPages(
  app: INestApplicationContext,
  query: DirectoryQuery,
  limit: number,
): Promise<AdminUser[]> {
  const all: AdminUser[] = [];
  let after: DirectoryCursor | undefined;
  do {
    const size = Math.min(PAGE_SIZE, limit - all.length);
    const { users, next } = await app.get(AdminUsers).list(query, size, after);
    all.push(...users);
    after = next ?? undefined;
  } while (after !== undefined && all.length < limit);
  return all;
}

function toCells(user: AdminUser): string[] {
  const { id, email, displayName, role, disabledAt, disabledUntil } = user;
  const disabled = disabledAt === null ? '-' : `until ${disabledUntil ?? 'enabled'}`;
  const sessions = String(user.activeSessions);
  return [id, email, displayName ?? '-', role, disabled, sessions, user.lastSignInAt ?? '-'];
}
