import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Metrics } from '#libs/metrics';
import { Database } from './database';
import { hasPendingMigrations } from './migrate';
import type { ReservedConnection } from './reserved-connection';

const DEADLINE_MS = 800;

/** What a server that answers says. */
export interface DatabaseServer {
  /** Milliseconds of one statement, and of connecting where that was needed. */
  latencyMs: number;
  version: string;
  /** Its tables are older than this program. */
  hasPendingMigrations: boolean;
}

/** The pool's connections, now. */
export interface PoolFigures {
  size: number;
  inUse: number;
  idle: number;
  /** Statements that wait for a connection. */
  waiting: number;
  /** Connections that it may open. */
  maximum: number;
}

/**
 * How Postgres is doing. Asks on a connection of its own: a busy pool says nothing about Postgres,
 * and an instance that is called down for being busy leaves its load to the others.
 */
@Injectable()
export class DatabaseInspector implements OnModuleDestroy {
  private readonly connection: ReservedConnection;

  constructor(
    private readonly database: Database,
    private readonly dataSource: DataSource,
    metrics: Metrics,
  ) {
    metrics.stores.watchPool(() => this.pool());
    this.connection = database.reserveConnection(DEADLINE_MS);
  }

  /** Two statements. @throws DependencyUnavailableError when Postgres cannot answer in time. */
  async inspect(): Promise<DatabaseServer> {
    const beganMs = performance.now();
    const [row] = await this.connection.query<{ version: string }>(
      `SELECT current_setting('server_version') AS version`,
    );
    const latencyMs = Math.round((performance.now() - beganMs) * 100) / 100;
    return {
      latencyMs,
      version: row?.version ?? 'unknown',
      hasPendingMigrations: await hasPendingMigrations(this.dataSource, (sql) =>
        this.connection.query(sql),
      ),
    };
  }

  /** Asks nobody. */
  pool(): PoolFigures {
    const { pool, waiting } = this.database;
    return {
      size: pool.totalCount,
      inUse: pool.totalCount - pool.idleCount,
      idle: pool.idleCount,
      waiting,
      maximum: pool.options.max,
    };
  }

  /** Whether Postgres has lately granted fewer connections than the pool may have. */
  get isLimited(): boolean {
    return this.database.pool.isLimited;
  }

  async onModuleDestroy(): Promise<void> {
    await this.connection.close();
  }
}
