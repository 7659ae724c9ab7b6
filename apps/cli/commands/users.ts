import { Argument, type Command } from 'commander';
import type { Role } from '#libs/user';
import type { OutputOptions } from '../output';
import { jsonOption } from './json-option';
import { ROLES } from './options';
import { addUsersAdministration } from './users-administration';
import { addUsersImport } from './users-import';
import { addUsersInspection } from './users-inspection';

export function addUsers(program: Command): void {
  const users = program
    .command('users')
    .summary('show and change accounts')
    .description('Show and change accounts.');
  users
    .command('grant-role')
    .summary('change the role of an account')
    .description(
      'Change the role of an account and revoke all its sessions: the user must sign in again. Use it to ' +
        'create the first administrator.',
    )
    .argument('<email>', "the account's e-mail address")
    .addArgument(new Argument('<role>', 'the new role').choices(ROLES))
    .addOption(jsonOption())
    .action(async (email: string, role: Role, options: OutputOptions) => {
      const { grantRole } = await import('../actions/grant-role.js');
      await grantRole(email, role, options);
    });
  addUsersInspection(users);
  addUsersAdministration(users);
  addUsersImport(users);
}
