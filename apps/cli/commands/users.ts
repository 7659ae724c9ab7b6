import { Argument, type Command } from 'commander';
import { AdminService } from '#libs/auth';
import { ROLES, type Role } from '#libs/user';
import { userIdOf, withApplication } from '../application';
import { print, type OutputOptions } from '../output';
import { jsonOption } from './json-option';
import { addUsersImport } from './users-import';

export function addUsers(program: Command): void {
  const users = program.command('users').summary('change accounts').description('Change accounts.');
  users
    .command('grant-role')
    .summary('give an account another role')
    .description(
      'Give an account another role and end all its sessions: its user signs in anew. This is how ' +
        'the first administrator is made.',
    )
    .argument('<email>', "the account's e-mail address")
    .addArgument(new Argument('<role>', 'the new role').choices(ROLES))
    .addOption(jsonOption())
    .action(grantRole);
  addUsersImport(users);
}

async function grantRole(email: string, role: Role, options: OutputOptions): Promise<void> {
  const { profile, disabled } = await withApplication(async (app) =>
    app.get(AdminService).changeAccount(await userIdOf(app, email), { role }),
  );
  const account = { id: profile.id, email: profile.email, role: profile.role, disabled };
  const text = `${account.email} has the role ${account.role}; its sessions have ended.`;
  print({ text, data: account }, options);
}
