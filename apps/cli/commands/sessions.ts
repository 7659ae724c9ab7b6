import type { Command } from 'commander';
import type { OutputOptions } from '../output';
import { jsonOption } from './json-option';

const EMAIL_HELP = "the account's e-mail address";

export function addSessions(program: Command): void {
  const sessions = program
    .command('sessions')
    .summary("look at and end a user's sessions")
    .description("Look at and end a user's sessions.");
  sessions
    .command('list')
    .summary("list a user's live sessions")
    .description("List a user's live sessions, newest first.")
    .argument('<email>', EMAIL_HELP)
    .addOption(jsonOption())
    .action(async (email: string, options: OutputOptions) => {
      const { listSessions } = await import('../actions/sessions.js');
      await listSessions(email, options);
    });
  sessions
    .command('revoke')
    .summary("end all of a user's sessions")
    .description("End all of a user's sessions: every token of theirs is refused from now on.")
    .argument('<email>', EMAIL_HELP)
    .addOption(jsonOption())
    .action(async (email: string, options: OutputOptions) => {
      const { revokeSessions } = await import('../actions/sessions.js');
      await revokeSessions(email, options);
    });
}
