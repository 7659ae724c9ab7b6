import type { Command } from 'commander';
import type { OutputOptions } from '../output';
import { jsonOption } from './json-option';

export function addRedisCheck(program: Command): void {
  program
    .command('redis-check')
    .summary('check whether Redis answers, and how fast')
    .description('Check whether Redis answers. Running servers do this every five minutes.')
    .addOption(jsonOption())
    .action(async (options: OutputOptions) => {
      const { redisCheck } = await import('../actions/redis-check.js');
      await redisCheck(options);
    });
}
