import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import { Clock } from '#libs/common';
import { Metrics } from '#libs/metrics';
import { RedisClient, type RedisScript } from '#libs/redis';
import { syncKeys } from '#libs/sync';
import { STATISTICS_KEY } from './statistics.keys';

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
    redis: RedisClient,
    private readonly clock: Clock,
    metrics: Metrics,
  ) {
    this.readScript = redis.script(join(__dirname, 'scripts', 'read-statistics.lua'));
    metrics.statistics.watch(() => this.read());
  }

  /**
   * One round trip, independent of the number of sessions.
   * @throws DependencyUnavailableError
   */
  async read(): Promise<SessionStatistics> {
    const reply = await this.readScript(
      [STATISTICS_KEY, syncKeys.checkpoint],
      [this.clock.nowMs()],
    );
    const [activeSessions, cachedProfiles, blacklistedTokens] = reply as [number, number, number];
    return { activeSessions, cachedProfiles, blacklistedTokens };
  }
}
