import type { Command } from 'commander';
import { CleanUp } from '../../clean-up';
import { withApplication } from '../application';
import { print, type OutputOptions } from '../output';
import { jsonOption } from './json-option';

export function addCleanUp(program: Command): void {
  program
    .command('clean-up')
    .summary('delete the records of sessions that ended long ago, and avatars that nobody shows')
    .description(
      'Delete the records of sessions whose life ended more than 30 days ago, and files of avatars ' +
        'that no profile has shown for an hour. In small steps, safe beside running servers and beside ' +
        'another clean-up; the servers do it every hour.',
    )
    .addOption(jsonOption())
    .action(cleanUp);
}

async function cleanUp(options: OutputOptions): Promise<void> {
  const cleanedUp = await withApplication((app) => app.get(CleanUp).run());
  const { deletedSessions, removedAvatarFiles } = cleanedUp;
  const text =
    `Session records deleted: ${deletedSessions}.\n` +
    `Files of avatars removed: ${removedAvatarFiles}.`;
  print({ text, data: { ...cleanedUp } }, options);
}
