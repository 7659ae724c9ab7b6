import { StatisticsService } from '#libs/statistics';
import { untilRedisAnswers, withApplication } from '../application';
import { print, type OutputOptions } from '../output';
import { formatTable } from '../table';

export async function stats(options: OutputOptions): Promise<void> {
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
