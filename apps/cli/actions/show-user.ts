import type { INestApplicationContext } from '@nestjs/common';
import { AuditEvents } from '#libs/audit';
import { UserStore } from '#libs/user';
import { withAccount } from '../application';
import { UnknownEmailError } from '../failure';
import { print, type OutputOptions } from '../output';
import { formatTable } from '../table';
import { allSessionsOf } from './sessions';

export async function showUser(email: string, options: OutputOptions): Promise<void> {
  const user = await withAccount(email, (app, userId) => read(app, userId, email));
  const rows = Object.entries(user).map(([field, value]) => [field, String(value ?? '-')]);
  print({ text: formatTable(['FIELD', 'VALUE'], rows), data: user }, options);
}

/** Field names as in the answers of the API. */
async function read(app: INestApplicationContext, userId: string, email: string) {
  const users = app.get(UserStore);
  const found = await users.readProfile(userId);
  const credentials = await users.findCredentials(userId);
  if (!found || !credentials) {
    throw new UnknownEmailError(email);
  }
  const signIn = await app
    .get(AuditEvents)
    .findLast(userId, ['login_succeeded', 'account_registered']);
  const sessions = await allSessionsOf(app, userId);
  const { profile } = found;
  return {
    id: profile.id,
    email: profile.email,
    displayName: profile.displayName,
    role: profile.role,
    disabled: credentials.disabled,
    activeSessions: sessions.length,
    lastSignInAt: signIn ? new Date(signIn.occurredAtMs).toISOString() : null,
    createdAt: profile.createdAt,
    updatedAt: profile.updatedAt,
  };
}
