import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Metrics } from '#libs/metrics';
import { PostgresHealth } from './postgres.health';
import { RedisHealth } from './redis.health';

/** Exports the warnings of the readiness report. A scrape costs the stores as much as a probe does. */
@Injectable()
export class HealthMetrics implements OnModuleInit {
  constructor(
    private readonly metrics: Metrics,
    private readonly redis: RedisHealth,
    private readonly postgres: PostgresHealth,
  ) {}

  onModuleInit(): void {
    const { stores } = this.metrics;
    stores.watchWarnings('redis', async () => codesOf((await this.redis.check()).redis));
    stores.watchWarnings('postgres', async () => codesOf((await this.postgres.check()).postgres));
  }
}

function codesOf({ warnings }: { warnings: readonly { code: string }[] }): string[] {
  return warnings.map(({ code }) => code);
}
