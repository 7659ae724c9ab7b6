import { Argument, type Command } from 'commander';
import type { Role } from '#libs/user';
import type { OutputOptions } from '../output';
import { jsonOption } from './json-option';
import { addUsersImport } from './users-import';
import { addUsersInspection } from './users-inspection';

/** Spelt out, so that help does not load the library; the compiler says when one is missing. */
const ROLES = Object.keys({ user: true, admin: true } satisfies Record<Role, true>);

export function addUsers(program: Command): void {
  const users = program
    .command('users')
    .summary('look at and change accounts')
    .description('Look at and change accounts.');
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
    .action(async (email: string, role: Role, options: OutputOptions) => {
      const { grantRole } = await import('../actions/grant-role.js');
      await grantRole(email, role, options);
    });
  addUsersInspection(users);
  addUsersImport(users);
}
