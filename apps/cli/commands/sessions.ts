import type { Command } from 'commander';
import type { RevokeOptions } from '../actions/sessions';
import type { OutputOptions } from '../output';
import { jsonOption } from './json-option';

const EMAIL_HELP = "the account's e-mail address";

export function addSessions(program: Command): void {
  const sessions = program
    .command('sessions')
    .summary("list and revoke a user's sessions")
    .description("List and revoke a user's sessions.");
  sessions
    .command('list')
    .summary("list a user's active sessions")
    .description("List a user's active sessions, newest first.")
    .argument('<email>', EMAIL_HELP)
    .addOption(jsonOption())
    .action(async (email: string, options: OutputOptions) => {
      const { listSessions } = await import('../actions/sessions.js');
      await listSessions(email, options);
    });
  sessions
    .command('revoke')
    .summary("revoke a user's sessions, or one of them")
    .description(
      "Revoke all of a user's sessions, or one of them: their tokens are refused from then on.",
    )
    .argument('<email>', EMAIL_HELP)
    .option('--session <id>', 'revoke only this session, by its id in sessions list')
    .addOption(jsonOption())
    .action(async (email: string, options: RevokeOptions) => {
      const { revokeSessions } = await import('../actions/sessions.js');
      await revokeSessions(email, options);
    });
}
