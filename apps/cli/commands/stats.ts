import type { Command } from 'commander';
import type { OutputOptions } from '../output';
import { jsonOption } from './json-option';

export function addStats(program: Command): void {
  program
    .command('stats')
    .summary('show the statistics of Redis')
    .description(
      'Show the numbers of active sessions, cached profiles and revoked sessions in Redis.',
    )
    .addOption(jsonOption())
    .action(async (options: OutputOptions) => {
      const { stats } = await import('../actions/stats.js');
      await stats(options);
    });
}
