import type { Command } from 'commander';
import type { OutputOptions } from '../output';
import type { EventsOptions } from '../actions/user-events';
import { jsonOption } from './json-option';
import { positiveInteger, USER_HELP } from './options';

const DEFAULT_LIMIT = 50;

export function addUsersInspection(users: Command): void {
  users
    .command('show')
    .summary('show an account')
    .description(
      'Show an account: role, whether it is disabled, its active sessions, the times of its creation and ' +
        'its last sign-in.',
    )
    .argument('<user>', USER_HELP)
    .addOption(jsonOption())
    .action(async (user: string, options: OutputOptions) => {
      const { showUser } = await import('../actions/show-user.js');
      await showUser(user, options);
    });
  users
    .command('events')
    .summary("list an account's audit events, such as the reasons of sign-outs")
    .description(
      "List an account's audit events, newest first: sign-ins, refusals, and what ended its sessions, " +
        'with reason, address, device and session. For a deleted account, give its id.',
    )
    .argument('<user>', USER_HELP)
    .option('--limit <number>', 'maximum number of events', positiveInteger, DEFAULT_LIMIT)
    .addOption(jsonOption())
    .action(async (user: string, options: EventsOptions) => {
      const { listUserEvents } = await import('../actions/user-events.js');
      await listUserEvents(user, options);
    });
}
