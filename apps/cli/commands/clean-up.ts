import type { Command } from 'commander';
import { SessionService } from '#libs/session';
import { withApplication } from '../application';
import { print, type OutputOptions } from '../output';
import { jsonOption } from './json-option';

export function addCleanUp(program: Command): void {
  program
    .command('clean-up')
    .summary('delete the records of sessions that ended long ago')
    .description(
      'Delete the records of sessions whose life ended more than 30 days ago, a thousand at a ' +
        'time. Safe beside running servers and beside another clean-up.',
    )
    .addOption(jsonOption())
    .action(cleanUp);
}

async function cleanUp(options: OutputOptions): Promise<void> {
  const deletedSessions = await withApplication((app) => app.get(SessionService).cleanUp());
  const text = `Session records deleted: ${deletedSessions}.`;
  print({ text, data: { deletedSessions } }, options);
}
