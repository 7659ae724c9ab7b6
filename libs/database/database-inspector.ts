import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Metrics } from '#libs/metrics';
import { Database } from './database';
import { hasPendingMigrations } from './migrate';
import type { ReservedConnection } from './reserved-connection';

const DEADLINE_MS = 800;

/** The state of a server that answers. */
export interface DatabaseServer {
  /** Milliseconds of one statement, including the connection if one was needed. */
  latencyMs: number;
  version: string;
  /** The tables are older than this program. */
  hasPendingMigrations: boolean;
}

/** The connections of the pool, now. */
export interface PoolFigures {
  size: number;
  inUse: number;
  idle: number;
  /** Statements that wait for a connection. */
  waiting: number;
  /** Maximum number of connections. */
  maximum: number;
}

/**
 * The state of Postgres. Uses a connection of its own: a busy pool says nothing about Postgres, and an instance that is
 * marked unready for being busy moves its load to the others.
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

  /**
   * Two statements.
   * @throws DependencyUnavailableError if Postgres cannot answer in time.
   */
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

  /** Sends no statement. */
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

  /** Whether Postgres has recently granted fewer connections than the pool may have. */
  get isLimited(): boolean {
    return this.database.pool.isLimited;
  }

  async onModuleDestroy(): Promise<void> {
    await this.connection.close();
  }
}
