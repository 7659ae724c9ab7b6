import { Command } from 'commander';
import { addCleanUp } from './commands/clean-up';
import { addInvitations } from './commands/invitations';
import { addKeys } from './commands/keys';
import { addMigrate } from './commands/migrate';
import { addRedisCheck } from './commands/redis-check';
import { addSessions } from './commands/sessions';
import { addStats } from './commands/stats';
import { addUsers } from './commands/users';

const AFTER_ALL = `
Exit codes:
  0  done
  1  failed; one sentence on standard error says why
  2  wrong usage
  3  account or key not found

Settings come from the environment and from .env in the working folder; see .env.example.`;

/**
 * The command line. It throws CommanderError instead of exiting, after the usage error was printed on standard error.
 */
export function createProgram(): Command {
  const program = new Command('latchkey')
    .description('Operate a Latchkey installation.')
    .helpOption('-h, --help', 'show this help')
    .configureHelp({ visibleCommands: leavesOf, subcommandTerm: termOf })
    .addHelpText('afterAll', AFTER_ALL)
    .configureOutput({ outputError: (text, write) => write(asOneSentence(text)) })
    .exitOverride();
  const commands = [
    addMigrate,
    addUsers,
    addInvitations,
    addSessions,
    addCleanUp,
    addRedisCheck,
    addStats,
    addKeys,
  ];
  commands.forEach((add) => add(program));
  return program;
}

/** Lists the commands of a group instead of the group. */
function leavesOf({ commands }: Command): Command[] {
  return commands.flatMap((command) =>
    command.commands.length > 0 ? leavesOf(command) : [command],
  );
}

/** `users grant-role <email> <role>` */
function termOf(command: Command): string {
  const words = command.registeredArguments.map((argument) =>
    argument.required ? `<${argument.name()}>` : `[${argument.name()}]`,
  );
  for (let part = command; part.parent; part = part.parent) {
    words.unshift(part.name());
  }
  return words.join(' ');
}

function asOneSentence(text: string): string {
  const sentence = text
    .replace(/^error: /, 'latchkey: ')
    .trim()
    .replaceAll('\n', ' ');
  return `${sentence}\n`;
}
