import { Injectable } from '@nestjs/common';
import { HealthIndicatorService } from '@nestjs/terminus';
import { DependencyUnavailableError } from '#libs/common';
import { ProfileCacheService } from '#libs/profile-cache';
import { RedisClient } from '#libs/redis';
import { StatisticsService } from '#libs/statistics';
import { RedisTrust, Synchroniser } from '#libs/sync';

/** Redis: latency, memory, eviction policy, statistics. Away, or not believed, it degrades the service, no more. */
@Injectable()
export class RedisHealth {
  constructor(
    private readonly indicators: HealthIndicatorService,
    private readonly redis: RedisClient,
    private readonly statistics: StatisticsService,
    private readonly trust: RedisTrust,
    private readonly synchroniser: Synchroniser,
    private readonly profiles: ProfileCacheService,
  ) {}

  async check() {
    const indicator = this.indicators.check('redis');
    try {
      const startedAt = performance.now();
      await this.redis.ping();
      const latencyMs = Math.round((performance.now() - startedAt) * 100) / 100;
      const [memory, statistics] = await Promise.all([
        this.redis.info('memory'),
        this.statistics.read(),
      ]);
      const evictionPolicy = memory.get('maxmemory_policy') ?? 'unknown';
      const maxBytes = Number(memory.get('maxmemory') ?? 0);
      const figures = {
        latencyMs,
        usedMemoryBytes: Number(memory.get('used_memory') ?? 0),
        maxMemoryBytes: maxBytes,
        evictionPolicy,
        statistics,
        profileReads: this.profiles.readCounts(),
        outboxLag: this.synchroniser.lag(),
      };
      if (this.trust.era() === null) {
        const message = 'Redis is being brought up to date; Postgres answers';
        return indicator.degraded({ ...figures, message });
      }
      return mayEvictSessions(evictionPolicy, maxBytes)
        ? indicator.degraded({
            ...figures,
            message: 'Redis may evict sessions: set maxmemory-policy to noeviction',
          })
        : indicator.up(figures);
    } catch (error) {
      if (!(error instanceof DependencyUnavailableError)) {
        throw error;
      }
      return indicator.degraded({ message: 'Redis does not answer' });
    }
  }
}

/** Every key that we write has a TTL but the counters, so `volatile-*` evicts sessions too. */
function mayEvictSessions(policy: string, maxBytes: number): boolean {
  return maxBytes > 0 && policy !== 'noeviction';
}
