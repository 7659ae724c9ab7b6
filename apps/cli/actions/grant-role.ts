import { AdminService } from '#libs/auth';
import type { Role } from '#libs/user';
import { withAccount } from '../application';
import { print, type OutputOptions } from '../output';

export async function grantRole(email: string, role: Role, options: OutputOptions): Promise<void> {
  const { profile, disabled } = await withAccount(email, (app, userId) =>
    app.get(AdminService).changeAccount(userId, { role }),
  );
  const account = { id: profile.id, email: profile.email, role: profile.role, disabled };
  const text = `${account.email} has the role ${account.role}; its sessions are revoked.`;
  print({ text, data: account }, options);
}
