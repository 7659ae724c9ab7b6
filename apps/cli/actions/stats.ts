import { StatisticsService } from '#libs/statistics';
import { withRedis } from '../application';
import { print, type OutputOptions } from '../output';
import { formatTable } from '../table';

export async function stats(options: OutputOptions): Promise<void> {
  const found = await withRedis((app) => app.get(StatisticsService).read());
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
