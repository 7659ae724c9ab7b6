import { setTimeout as pause } from 'node:timers/promises';
import { Pool, type PoolClient, type PoolConfig } from 'pg';
import type { PostgresClientConfig } from './postgres-client';

/** too_many_connections: of the server, the database or the role; a pooler has its own words for it. */
const TOO_MANY_CONNECTIONS = '53300';
const POOLER_IS_FULL = 'no more connections allowed';
/** For how long the pool keeps to what the server has granted before it asks for more. */
const KEEP_TO_IT_MS = 30_000;
const RETRY_MS = 100;

type Release = PoolClient['release'];
type Callback = (error: Error | undefined, client: PoolClient | undefined, done: Release) => void;

/** Whether Postgres, or a pooler, grants no further connection. */
export function isConnectionLimit(error: unknown): boolean {
  const { code, message } = error as { code?: unknown; message?: unknown };
  return code === TOO_MANY_CONNECTIONS || String(message).startsWith(POOLER_IS_FULL);
}

/**
 * The pool of connections. One that the server does not grant is waited for, as one that is busy is: the
 * pool gets by with fewer for half a minute, and leaves one for connections beside it. One that cannot be
 * made at one host is tried at the next.
 */
export class ConnectionPool extends Pool {
  private readonly configuredMax: number;
  private readonly hostsToTry: number;
  private limitedUntilMs = -Infinity;

  constructor(config: PoolConfig & PostgresClientConfig) {
    super(config);
    this.configuredMax = this.options.max;
    this.hostsToTry = config.endpoints.count;
  }

  /** Whether the server has lately granted fewer connections than the pool may have. */
  get isLimited(): boolean {
    return performance.now() < this.limitedUntilMs;
  }

  /** For a connection beside the pool that is not granted: the pool gives one up, if it has others. */
  makeRoom(): void {
    this.keepTo(this.totalCount - 1);
    if (this.totalCount > 1) {
      super.connect().then(
        (client) => client.release(true),
        () => undefined,
      );
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
    for (let attempt = 1; ; attempt += 1) {
      if (!this.isLimited) {
        this.options.max = this.configuredMax;
      }
      try {
        const client = await super.connect();
        return this.totalCount > this.options.max ? releasedForGood(client) : client;
      } catch (error) {
        if (isConnectionLimit(error) && performance.now() < deadlineMs) {
          await this.waitForLess();
        } else if (attempt >= this.hostsToTry || !isOfConnecting(error)) {
          throw error;
        }
      }
    }
  }

  /** Others may hold all that the server grants: then one of them has to go first. */
  private async waitForLess(): Promise<void> {
    this.keepTo(this.totalCount - 1);
    if (this.totalCount === 0) {
      await pause(RETRY_MS);
    }
  }

  private keepTo(connections: number): void {
    this.options.max = Math.max(1, Math.min(this.options.max, connections));
    this.limitedUntilMs = performance.now() + KEEP_TO_IT_MS;
  }
}

/** One more than there may be: it ends with the work that it was taken for. */
function releasedForGood(client: PoolClient): PoolClient {
  const release = client.release.bind(client);
  client.release = (error) => release(error ?? true);
  return client;
}

/** Not that the pool was busy for too long: another host would not help. */
function isOfConnecting(error: unknown): boolean {
  return !/^timeout exceeded|^Cannot use a pool/.test((error as Error).message);
}
