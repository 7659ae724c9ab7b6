import type { Command } from 'commander';
import { StatisticsService } from '#libs/statistics';
import { untilRedisAnswers, withApplication } from '../application';
import { print, type OutputOptions } from '../output';
import { formatTable } from '../table';
import { jsonOption } from './json-option';

export function addStats(program: Command): void {
  program
    .command('stats')
    .summary('count what lives in Redis')
    .description('Count the active sessions, cached profiles and revoked tokens in Redis.')
    .addOption(jsonOption())
    .action(stats);
}

async function stats(options: OutputOptions): Promise<void> {
  const found = await withApplication(async (app) => {
    await untilRedisAnswers(app);
    return app.get(StatisticsService).read();
  });
  const text = formatTable(
    ['STATISTIC', 'COUNT'],
    [
      ['active sessions', String(found.activeSessions)],
      ['cached profiles', String(found.cachedProfiles)],
      ['blacklisted tokens', String(found.blacklistedTokens)],
    ],
  );
  print({ text, data: { ...found } }, options);
}
