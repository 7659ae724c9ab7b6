import { AdminService } from '#libs/auth';
import type { Role } from '#libs/user';
import { userIdOf, withApplication } from '../application';
import { print, type OutputOptions } from '../output';

export async function grantRole(email: string, role: Role, options: OutputOptions): Promise<void> {
  const { profile, disabled } = await withApplication(async (app) =>
    app.get(AdminService).changeAccount(await userIdOf(app, email), { role }),
  );
  const account = { id: profile.id, email: profile.email, role: profile.role, disabled };
  const text = `${account.email} has the role ${account.role}; its sessions have ended.`;
  print({ text, data: account }, options);
}
