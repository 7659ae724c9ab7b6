import { RedisCheck } from '../../redis-check';
import { untilRedisAnswers, withApplication } from '../application';
import { print, type OutputOptions } from '../output';

export async function redisCheck(options: OutputOptions): Promise<void> {
  const checked = await withApplication(async (app) => {
    await untilRedisAnswers(app);
    return app.get(RedisCheck).run();
  });
  print({ text: `Redis answered in ${checked.latencyMs} ms.`, data: { ...checked } }, options);
}
