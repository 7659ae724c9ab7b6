import { text as readText } from 'node:stream/consumers';
import { AccountCreationService, AccountDeletionService, AdminService } from '#libs/auth';
import { AvatarService } from '#libs/avatar';
import { ACCOUNT_REASON, BodyValidationPipe, instantProblem, IsHumanText } from '#libs/http';
import type { AccountChange, Role } from '#libs/user';
import { AdminUsers, type AdminUser } from '../../admin-users';
import { checkEmail, withApplication, withUser } from '../application';
import { InvalidOptionError } from '../failure';
import { readNewUser } from '../new-user';
import { print, type OutputOptions } from '../output';

export interface CreateOptions extends OutputOptions {
  displayName?: string;
  role: Role;
  passwordStdin?: boolean;
}

export interface DisableOptions extends OutputOptions {
  until?: string;
  reason?: string;
}

class Reason {
  @IsHumanText(ACCOUNT_REASON)
  reason!: string;
}

export async function createUser(email: string, options: CreateOptions): Promise<void> {
  checkEmail(email);
  const { displayName, role, passwordStdin } = options;
  const password = passwordStdin ? firstLine(await readText(process.stdin)) : undefined;
  const account = await readNewUser({ email, displayName, password });
  const { user, invitation } = await withApplication(async (app) => {
    const created = await app.get(AccountCreationService).create({ ...account, role });
    return {
      user: await app.get(AdminUsers).get(created.profile.id),
      invitation: created.invitation,
    };
  });
  if (!invitation) {
    print({ text: `${user.email} is created.`, data: { ...user } }, options);
    return;
  }
  const { id, code, expiresAtMs } = invitation;
  const expiresAt = new Date(expiresAtMs).toISOString();
  const text = `${user.email} is created. The code of its invitation, valid until ${expiresAt}:\n${code}`;
  print({ text, data: { ...user, invitation: { id, code, expiresAt } } }, options);
}

/** The instant is checked before any store is tried. */
export async function disableUser(user: string, options: DisableOptions): Promise<void> {
  const { until, reason } = options;
  const problem = until === undefined ? null : instantProblem(until, Date.now());
  if (problem !== null) {
    throw new InvalidOptionError('--until', problem);
  }
  const disabledReason = reason === undefined ? undefined : await checkReason(reason);
  const changed = await change(user, {
    disabled: true,
    ...(until !== undefined && { disabledUntil: new Date(until) }),
    ...(disabledReason !== undefined && { disabledReason }),
  });
  const end = changed.disabledUntil === null ? '' : ` until ${changed.disabledUntil}`;
  const text = `${changed.email} is disabled${end}; its sessions are revoked.`;
  print({ text, data: { ...changed } }, options);
}

export async function enableUser(user: string, options: OutputOptions): Promise<void> {
  const changed = await change(user, { disabled: false });
  print({ text: `${changed.email} is enabled.`, data: { ...changed } }, options);
}

export async function deleteUser(user: string, options: OutputOptions): Promise<void> {
  const { id, email } = await withUser(user, async (app, userId) => {
    const deleted = await app.get(AccountDeletionService).deleteByAdministrator(userId);
    await app.get(AvatarService).discard(deleted.avatarUrl);
    return deleted;
  });
  print({ text: `${email} is deleted.`, data: { id, email, deleted: true } }, options);
}

function change(user: string, wanted: AccountChange): Promise<AdminUser> {
  return withUser(user, async (app, userId) => {
    await app.get(AdminService).changeAccount(userId, wanted);
    return app.get(AdminUsers).get(userId);
  });
}

async function checkReason(reason: string): Promise<string> {
  const checked: unknown = await new BodyValidationPipe().transform(
    { reason },
    { type: 'body', metatype: Reason },
  );
  return (checked as Reason).reason;
}

/** Of a text that ends with a line end, as that of `echo`. */
function firstLine(text: string): string {
  return /^[^\r\n]*/.exec(text)?.[0] ?? '';
}
