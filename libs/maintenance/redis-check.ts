import { Injectable } from '@nestjs/common';
import { RedisClient } from '#libs/redis';
import { StatisticsService } from '#libs/statistics';

/** What a look at Redis found. */
export interface RedisChecked {
  latencyMs: number;
  activeSessions: number;
  cachedProfiles: number;
  blacklistedTokens: number;
}

/** The name under which it runs, on one instance at a time. */
export const REDIS_CHECK = 'redis-check';

/** Whether Redis answers, commands and scripts alike. */
@Injectable()
export class RedisCheck {
  constructor(
    private readonly redis: RedisClient,
    private readonly statistics: StatisticsService,
  ) {}

  /** Two round trips. @throws DependencyUnavailableError */
  async run(): Promise<RedisChecked> {
    const beganMs = performance.now();
    await this.redis.ping();
    const latencyMs = Math.round((performance.now() - beganMs) * 100) / 100;
    return { latencyMs, ...(await this.statistics.read()) };
  }
}
