import { Injectable } from '@nestjs/common';
import { HealthIndicatorService } from '@nestjs/terminus';
import { Recent } from '#libs/common';
import { RedisClient, warningsOf, type RedisServer } from '#libs/redis';
import { StatisticsService, type SessionStatistics } from '#libs/statistics';
import { OutboxApplier, SyncLeases } from '#libs/sync';
import { ProfileCache } from '#libs/user';
import { askInTime, orNull } from './ask-in-time';
import { HealthTimings } from './health-timings';
import type { HealthWarningDto } from './health.dto';

const UNREACHABLE = { code: 'unreachable', message: 'Redis does not answer.' };
const STALE = {
  code: 'stale',
  message: 'Redis is being synchronised; Postgres answers requests.',
};
const NO_FIGURES = {
  code: 'no_figures',
  message: 'Redis refuses INFO: version, role, memory and persistence are unknown. Allow INFO.',
};
/** The figures of a server that refuses INFO. */
const UNKNOWN_SERVER: Record<keyof RedisServer, null> = {
  software: null,
  version: null,
  isClusterNode: null,
  role: null,
  connectedReplicas: null,
  usedMemoryBytes: null,
  maxMemoryBytes: null,
  evictionPolicy: null,
  appendOnlyFile: null,
  isPersistenceFailing: null,
};

/** Results of the checks. */
interface Answer {
  latencyMs: number;
  /** Null where the user may not run INFO. */
  server: RedisServer | null;
  /** Null where the server does not count, as on a replica. */
  statistics: SessionStatistics | null;
}

/**
 * Redis: latency, memory, eviction policy, statistics. A Redis that is unavailable, stale or misconfigured only
 * degrades the service. The state of this process is never cached.
 */
@Injectable()
export class RedisHealth {
  private readonly recent = new Recent<Answer | null>();

  constructor(
    private readonly indicators: HealthIndicatorService,
    private readonly redis: RedisClient,
    private readonly statistics: StatisticsService,
    private readonly leases: SyncLeases,
    private readonly applier: OutboxApplier,
    private readonly profiles: ProfileCache,
    private readonly timings: HealthTimings,
  ) {}

  async check() {
    const answer = await this.recent.get(this.timings.cacheMs, () =>
      askInTime(this.indicators, () => this.measure(), this.timings.timeoutMs),
    );
    const inSync = this.leases.areAllHeld();
    const warnings = this.warnings(answer, inSync);
    const report = {
      warnings,
      inSync,
      circuit: this.redis.circuitState,
      outboxLag: this.applier.lag(),
      profileReads: this.profiles.readCounts(),
      ...(answer && { latencyMs: answer.latencyMs, statistics: answer.statistics }),
      ...(answer && (answer.server ?? UNKNOWN_SERVER)),
    };
    const indicator = this.indicators.check('redis');
    return warnings.length > 0 ? indicator.degraded(report) : indicator.up(report);
  }

  private warnings(answer: Answer | null, inSync: boolean): HealthWarningDto[] {
    const away = this.redis.awayReason;
    const server = answer?.server;
    const warnings: HealthWarningDto[] = [
      ...(away ? [{ code: away.code, message: away.message }] : []),
      ...(answer || away ? [] : [UNREACHABLE]),
      ...(server ? warningsOf(server, this.redis.keys.partitions > 1) : []),
      ...(answer && !inSync && !away ? [STALE] : []),
      ...(answer && !answer.server ? [NO_FIGURES] : []),
    ];
    // A server may report itself why it cannot be used.
    return warnings.filter(
      ({ code }, index) => warnings.findIndex((other) => other.code === code) === index,
    );
  }

  /** Three commands in two round trips, independent of the number of sessions; fewer while Redis is unavailable. */
  private async measure(): Promise<Answer> {
    const beganMs = performance.now();
    const isAway = this.redis.awayReason !== null;
    // A server that cannot be used may report why.
    const first = isAway ? await this.redis.inspect() : null;
    if (!isAway) {
      await this.redis.ping();
    }
    const latencyMs = Math.round((performance.now() - beganMs) * 100) / 100;
    if (first) {
      return { latencyMs, server: first, statistics: null };
    }
    // It has just answered, so a refused INFO does not make it unreachable.
    const [server, statistics] = await Promise.all([
      orNull(this.redis.inspect()),
      orNull(this.statistics.read()),
    ]);
    return { latencyMs, server, statistics };
  }
}
