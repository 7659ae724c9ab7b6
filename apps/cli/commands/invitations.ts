import { Option, type Command } from 'commander';
import type { InviteOptions, ListInvitationsOptions } from '../actions/invitations';
import type { OutputOptions } from '../output';
import { jsonOption } from './json-option';
import { positiveInteger, ROLES, ttlSeconds } from './options';

const DEFAULT_LIMIT = 50;

export function addInvitations(program: Command): void {
  const invitations = program
    .command('invitations')
    .summary('invite users')
    .description('Invite users: where REGISTRATION is invite, they register with a code.');
  invitations
    .command('create')
    .summary('create an invitation and print its code once')
    .description('Create an invitation. Its code is printed once, and can be used once.')
    .option('--email <email>', 'the only address that may use it')
    .addOption(new Option('--role <role>', 'of the new account').choices(ROLES).default('user'))
    .option('--expires-in <duration>', 'from 1m to 90d; 7d by default', ttlSeconds)
    .addOption(jsonOption())
    .action(async (options: InviteOptions) => {
      const { createInvitation } = await import('../actions/invitations.js');
      await createInvitation(options);
    });
  invitations
    .command('list')
    .summary('list invitations that can be used')
    .description('List invitations that can be used, the newest first, without their codes.')
    .option('--limit <number>', 'maximum number of invitations', positiveInteger, DEFAULT_LIMIT)
    .addOption(jsonOption())
    .action(async (options: ListInvitationsOptions) => {
      const { listInvitations } = await import('../actions/invitations.js');
      await listInvitations(options);
    });
  invitations
    .command('delete')
    .summary('withdraw an invitation')
    .description('Delete an invitation: its code is refused from then on.')
    .argument('<id>', 'its id as listed by `latchkey invitations list`')
    .addOption(jsonOption())
    .action(async (id: string, options: OutputOptions) => {
      const { deleteInvitation } = await import('../actions/invitations.js');
      await deleteInvitation(id, options);
    });
}
