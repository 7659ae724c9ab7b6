import { Option, type Command } from 'commander';
import type { CreateOptions, DisableOptions } from '../actions/users';
import type { ListOptions } from '../actions/list-users';
import type { OutputOptions } from '../output';
import { jsonOption } from './json-option';
import { positiveInteger, ROLES, USER_HELP } from './options';

const DEFAULT_LIMIT = 50;

export function addUsersAdministration(users: Command): void {
  users
    .command('list')
    .summary('list and search accounts')
    .description(
      'List accounts, the newest first; with --prefix, in the order of the addresses and names that begin with it.',
    )
    .option('--prefix <text>', 'what the address or the display name begins with, in any case')
    .addOption(new Option('--role <role>', 'accounts of this role').choices(ROLES))
    .addOption(new Option('--disabled', 'accounts that cannot sign in now').conflicts('enabled'))
    .option('--enabled', 'the other accounts')
    .option('--limit <number>', 'maximum number of accounts', positiveInteger, DEFAULT_LIMIT)
    .addOption(jsonOption())
    .action(async (options: ListOptions) => {
      const { listUsers } = await import('../actions/list-users.js');
      await listUsers(options);
    });
  users
    .command('create')
    .summary('create an account')
    .description(
      'Create an account. Without a password an invitation is made, and its code is printed once: the user ' +
        'registers with it, with this address, and chooses the password.',
    )
    .argument('<email>', "the account's e-mail address")
    .option('--display-name <name>', 'the display name')
    .addOption(new Option('--role <role>', 'the role').choices(ROLES).default('user'))
    .option('--password-stdin', 'read the password from standard input, one line')
    .addOption(jsonOption())
    .action(async (email: string, options: CreateOptions) => {
      const { createUser } = await import('../actions/users.js');
      await createUser(email, options);
    });
  users
    .command('disable')
    .summary('disable an account')
    .description(
      'Disable an account and revoke all its sessions: the user cannot sign in, until --until or until the account is ' +
        'enabled. The last administrator cannot be disabled.',
    )
    .argument('<user>', USER_HELP)
    .option('--until <instant>', 'when it ends by itself, such as 2030-01-31T12:00:00Z')
    .option('--reason <text>', 'for administrators; the user does not see it')
    .addOption(jsonOption())
    .action(async (user: string, options: DisableOptions) => {
      const { disableUser } = await import('../actions/users.js');
      await disableUser(user, options);
    });
  users
    .command('enable')
    .summary('enable an account')
    .description('Enable an account that was disabled: the user can sign in again.')
    .argument('<user>', USER_HELP)
    .addOption(jsonOption())
    .action(async (user: string, options: OutputOptions) => {
      const { enableUser } = await import('../actions/users.js');
      await enableUser(user, options);
    });
  users
    .command('delete')
    .summary('delete an account')
    .description(
      'Delete an account with its avatar, sessions and invitations. This cannot be undone. Its audit events stay for ' +
        'AUDIT_RETENTION. The last administrator cannot be deleted.',
    )
    .argument('<user>', USER_HELP)
    .addOption(jsonOption())
    .action(async (user: string, options: OutputOptions) => {
      const { deleteUser } = await import('../actions/users.js');
      await deleteUser(user, options);
    });
}
