import { Injectable } from '@nestjs/common';
import { RedisClient } from '#libs/redis';
import { StatisticsService } from '#libs/statistics';

/** The result of a Redis check. */
export interface RedisChecked {
  latencyMs: number;
  activeSessions: number;
  cachedProfiles: number;
  blacklistedTokens: number;
}

/** Name of the job and of its lock. */
export const REDIS_CHECK = 'redis-check';

/** Checks whether Redis answers, commands and scripts alike. */
@Injectable()
export class RedisCheck {
  constructor(
    private readonly redis: RedisClient,
    private readonly statistics: StatisticsService,
  ) {}

  /**
   * Two round trips.
   * @throws DependencyUnavailableError
   */
  async run(): Promise<RedisChecked> {
    const beganMs = performance.now();
    await this.redis.ping();
    const latencyMs = Math.round((performance.now() - beganMs) * 100) / 100;
    return { latencyMs, ...(await this.statistics.read()) };
  }
}
