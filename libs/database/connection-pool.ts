import { setTimeout as pause } from 'node:timers/promises';
import { Pool, type PoolClient, type PoolConfig } from 'pg';
import { isConnectionLimit } from './database-errors';
import type { PostgresClientConfig } from './postgres-client';

/** How long the pool keeps the size that Postgres has granted before it asks for more connections. */
const LIMITED_MS = 30_000;
const RETRY_MS = 100;

type Release = PoolClient['release'];
type Callback = (error: Error | undefined, client: PoolClient | undefined, done: Release) => void;

/**
 * The pool of connections. When Postgres grants no further connection, the request waits for a free connection of the
 * pool. For the next 30 s the pool does not grow, and closes one connection, for a command, a lock or the outbox. If
 * one host refuses a connection, the next host is tried.
 */
export class ConnectionPool extends Pool {
  private readonly configuredMax: number;
  private readonly hostsToTry: number;
  private limitedUntilMs = -Infinity;

  constructor(config: PoolConfig & PostgresClientConfig) {
    super(config);
    config.made.pool = this;
    this.configuredMax = this.options.max;
    this.hostsToTry = config.endpoints.count;
  }

  /** Whether the server has recently granted fewer connections than the pool may have. */
  get isLimited(): boolean {
    return performance.now() < this.limitedUntilMs;
  }

  /**
   * Called after Postgres refused a connection, to the pool or beside it: limits the pool to one connection less than
   * it has.
   */
  limit(): void {
    if (this.isLimited) {
      this.options.max = Math.min(this.options.max, Math.max(1, this.totalCount));
      return;
    }
    this.limitedUntilMs = performance.now() + LIMITED_MS;
    this.options.max = Math.max(1, this.totalCount);
    if (this.totalCount > 1) {
      void this.closeOne();
    }
  }

  override connect(): Promise<PoolClient>;
  override connect(callback: Callback): void;
  override connect(callback?: Callback): Promise<PoolClient> | void {
    const connected = this.connectInTime();
    if (!callback) {
      return connected;
    }
    connected.then(
      (client) => callback(undefined, client, (error) => client.release(error)),
      (error: unknown) => callback(error as Error, undefined, () => undefined),
    );
  }

  private async connectInTime(): Promise<PoolClient> {
    const deadlineMs = performance.now() + (this.options.connectionTimeoutMillis ?? 0);
    let failures = 0;
    for (;;) {
      if (!this.isLimited) {
        this.options.max = this.configuredMax;
      }
      try {
        return await super.connect();
      } catch (error) {
        if (isConnectionLimit(error) && performance.now() < deadlineMs) {
          this.limit();
          // Other processes may hold all connections that the server grants; one of theirs must end first.
          if (this.totalCount === 0) {
            await pause(RETRY_MS);
          }
          continue;
        }
        failures += 1;
        if (failures >= this.hostsToTry || !isOfConnecting(error)) {
          throw error;
        }
      }
    }
  }

  /** Closes an idle connection, or the next one that is released. */
  private async closeOne(): Promise<void> {
    try {
      const client = await super.connect();
      client.release(true);
      this.options.max = Math.max(1, Math.min(this.options.max, this.totalCount));
    } catch {
      // All were busy until the deadline, or the pool has ended.
    }
  }
}

/** False for a timeout of a busy pool: another host would not help. */
function isOfConnecting(error: unknown): boolean {
  return !/^timeout exceeded|^Cannot use a pool/.test((error as Error).message);
}
