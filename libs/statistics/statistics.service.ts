import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import { Clock } from '#libs/common';
import { Metrics } from '#libs/metrics';
import { RedisClient, type RedisScript } from '#libs/redis';

/** The contents of Redis. Accurate to one minute: an item counts until the minute of its expiry ends. */
export interface SessionStatistics {
  activeSessions: number;
  cachedProfiles: number;
  blacklistedTokens: number;
}

/** Reads the counters that the other scripts update together with the counted items. */
@Injectable()
export class StatisticsService {
  private readonly readScript: RedisScript;

  constructor(
    private readonly redis: RedisClient,
    private readonly clock: Clock,
    metrics: Metrics,
  ) {
    this.readScript = redis.script(join(__dirname, 'scripts', 'read-statistics.lua'));
    metrics.statistics.watch(() => this.read());
  }

  /**
   * One script for each partition, sent together: one round trip to each server, independent of the number of sessions.
   * @throws DependencyUnavailableError also if a part of Redis cannot be read: a sum of the rest would mislead.
   */
  async read(): Promise<SessionStatistics> {
    const { keys } = this.redis;
    const nowMs = this.clock.nowMs();
    const replies = await Promise.all(
      keys
        .allPartitions()
        .map((partition) =>
          this.readScript([keys.statistics(partition), keys.checkpoint(partition)], [nowMs]),
        ),
    );
    const sum = (index: number) =>
      replies.reduce<number>((total, reply) => total + ((reply as number[])[index] ?? 0), 0);
    return { activeSessions: sum(0), cachedProfiles: sum(1), blacklistedTokens: sum(2) };
  }
}
