import type { Command } from 'commander';
import type { OutputOptions } from '../output';
import { jsonOption } from './json-option';

export function addCleanUp(program: Command): void {
  program
    .command('clean-up')
    .summary('delete what nobody needs any more, and count again what lives in Redis')
    .description(
      'Delete the records of sessions whose life ended more than 30 days ago, files of avatars that no ' +
        'profile has shown for an hour, audit events older than AUDIT_RETENTION, and members in Redis ' +
        'that have expired; then count again what lives in Redis. In small steps, safe beside running servers, which do it every hour. Waits for ' +
        'a clean-up that is under way.',
    )
    .addOption(jsonOption())
    .action(async (options: OutputOptions) => {
      const { cleanUp } = await import('../actions/clean-up.js');
      await cleanUp(options);
    });
}
