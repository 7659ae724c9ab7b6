import { Injectable } from '@nestjs/common';
import { HealthCheckService, type HealthCheckResult } from '@nestjs/terminus';
import { PostgresHealth } from './postgres.health';
import { RedisHealth } from './redis.health';
import { ShutdownHealth } from './shutdown.health';

/** Whether requests can be answered. */
@Injectable()
export class Readiness {
  constructor(
    private readonly health: HealthCheckService,
    private readonly redis: RedisHealth,
    private readonly postgres: PostgresHealth,
    private readonly shutdown: ShutdownHealth,
  ) {}

  /**
   * Each store is asked at most once a second, by any number of calls.
   * @throws ServiceUnavailableException of Terminus, which carries the report, without Postgres and during the shutdown.
   */
  async check(): Promise<HealthCheckResult> {
    const stores = this.shutdown.isUnderWay
      ? null
      : await this.health.check([() => this.redis.check(), () => this.postgres.check()]);
    // Checked again: a store that hangs takes a second, and a signal may arrive in it.
    return stores && !this.shutdown.isUnderWay
      ? stores
      : this.health.check([() => this.shutdown.check()]);
  }
}
