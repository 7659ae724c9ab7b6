import { Injectable } from '@nestjs/common';
import { HealthIndicatorService } from '@nestjs/terminus';
import { Database } from '#libs/database';

const TIMEOUT_MS = 2000;

/** Postgres: it answers, and how fast. Without it the service is not ready. */
@Injectable()
export class PostgresHealth {
  constructor(
    private readonly indicators: HealthIndicatorService,
    private readonly database: Database,
  ) {}

  async check() {
    return this.indicators
      .check('postgres')
      .attempt(async () => {
        const startedAt = performance.now();
        await this.database.ping();
        return { latencyMs: Math.round((performance.now() - startedAt) * 100) / 100 };
      })
      .withTimeout(TIMEOUT_MS);
  }
}
