import type { Command } from 'commander';
import { RedisCheck } from '../../redis-check';
import { untilRedisAnswers, withApplication } from '../application';
import { print, type OutputOptions } from '../output';
import { jsonOption } from './json-option';

export function addRedisCheck(program: Command): void {
  program
    .command('redis-check')
    .summary('see whether Redis answers, and how fast')
    .description('See whether Redis answers; the servers do it every five minutes.')
    .addOption(jsonOption())
    .action(redisCheck);
}

async function redisCheck(options: OutputOptions): Promise<void> {
  const checked = await withApplication(async (app) => {
    await untilRedisAnswers(app);
    return app.get(RedisCheck).run();
  });
  print({ text: `Redis answered in ${checked.latencyMs} ms.`, data: { ...checked } }, options);
}
