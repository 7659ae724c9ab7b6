import { Injectable } from '@nestjs/common';
import { HealthIndicatorService } from '@nestjs/terminus';
import { Recent } from '#libs/common';
import { Database, DatabaseInspector, type DatabaseServer } from '#libs/database';
import { askInTime } from './ask-in-time';
import { HealthTimings } from './health-timings';

const UNREACHABLE = { code: 'unreachable', message: 'Postgres does not answer.' };
const PENDING_MIGRATIONS = {
  code: 'pending_migrations',
  message: 'The tables are older than this program: run latchkey migrate.',
};
const TOO_MANY_CONNECTIONS = {
  code: 'too_many_connections',
  message:
    'Postgres grants fewer connections than DATABASE_POOL_MAX: too many connections for the role, ' +
    'the database or the server.',
};

/**
 * Postgres: latency, version, pool, migrations. Without it the service is not ready. Outdated tables only degrade it:
 * the process would not have started with them, so a backup or an older copy has replaced the database for all
 * instances at once, and some requests still work.
 */
@Injectable()
export class PostgresHealth {
  private readonly recent = new Recent<DatabaseServer | null>();

  constructor(
    private readonly indicators: HealthIndicatorService,
    private readonly database: Database,
    private readonly inspector: DatabaseInspector,
    private readonly timings: HealthTimings,
  ) {}

  async check() {
    const server = await this.recent.get(this.timings.cacheMs, () =>
      askInTime(this.indicators, () => this.inspector.inspect(), this.timings.timeoutMs),
    );
    const now = { circuit: this.database.circuitState, pool: this.inspector.pool() };
    const indicator = this.indicators.check('postgres');
    const limits = this.inspector.isLimited ? [TOO_MANY_CONNECTIONS] : [];
    if (!server) {
      // A pool with connections answers requests, though no connection was free for this check.
      return limits.length > 0 && now.pool.size > 0
        ? indicator.degraded({ ...now, warnings: limits })
        : indicator.down({ ...now, warnings: [UNREACHABLE, ...limits] });
    }
    const warnings = [...(server.hasPendingMigrations ? [PENDING_MIGRATIONS] : []), ...limits];
    return warnings.length > 0
      ? indicator.degraded({ ...now, ...server, warnings })
      : indicator.up({ ...now, ...server, warnings });
  }
}
