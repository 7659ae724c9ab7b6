import { RedisCheck } from '#libs/maintenance';
import { withRedis } from '../application';
import { print, type OutputOptions } from '../output';

export async function redisCheck(options: OutputOptions): Promise<void> {
  const checked = await withRedis((app) => app.get(RedisCheck).run());
  print({ text: `Redis answered in ${checked.latencyMs} ms.`, data: { ...checked } }, options);
}
