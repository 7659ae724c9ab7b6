import type { Command } from 'commander';
import type { OutputOptions } from '../output';
import { jsonOption } from './json-option';

export function addCleanUp(program: Command): void {
  program
    .command('clean-up')
    .summary('delete expired and orphaned data')
    .description(
      'Delete the records of sessions that ended more than 30 days ago, used refresh tokens, avatar files ' +
        'that no profile has shown for an hour, audit events older than AUDIT_RETENTION, and expired ' +
        'sessions in Redis. It works in small steps and is safe beside running servers, which run it every ' +
        'hour. It waits for a clean-up that is in progress.',
    )
    .addOption(jsonOption())
    .action(async (options: OutputOptions) => {
      const { cleanUp } = await import('../actions/clean-up.js');
      await cleanUp(options);
    });
}
