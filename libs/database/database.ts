import { setTimeout as pause } from 'node:timers/promises';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import {
  AsyncScope,
  CircuitBreaker,
  currentRequest,
  FairQueue,
  InternalError,
  type Admission,
  type CircuitState,
} from '#libs/common';
import { Metrics, type CallTimer } from '#libs/metrics';
import type { ConnectionPool } from './connection-pool';
import { clientConfigOf, POOL_SIZE } from './data-source-options';
import { guarded, isConnectionLimit } from './database-errors';
import { doExclusively } from './exclusive-work';
import { connect, type PostgresClient } from './postgres-client';
import { ReservedConnection } from './reserved-connection';

/** Milliseconds between attempts to get a connection outside the pool that Postgres does not grant yet. */
const ROOM_POLL_MS = 100;

/** Maximum number of statements and transactions that wait for a connection. At 1 ms each, this is 100 ms of work. */
const MAX_WAITING = 1_000;

/**
 * Milliseconds by which work may wait longer than a statement or a connection may take. While Postgres hangs, the
 * circuit breaker opens before that, so an outage does not pass for too much work.
 */
const WAIT_BEYOND_TIMEOUT_MS = 1_500;

/** A transaction in progress. */
interface Transaction {
  manager: EntityManager;
  afterCommit: (() => void)[];
}

/**
 * Postgres for the repositories. Work inside `transaction` joins it, also across libraries, so that a change of two
 * tables is atomic. While Postgres does not answer, the circuit breaker refuses all work immediately. While all
 * connections of the pool are in use, clients take turns: a flood by one client delays only that client, and is not
 * mistaken for an unavailable Postgres.
 */
@Injectable()
export class Database implements OnApplicationShutdown {
  private readonly circuit = new CircuitBreaker('postgres');
  private readonly current = new AsyncScope<Transaction>();
  private readonly queue: FairQueue;
  private readonly runs: CallTimer;
  private readonly transactions: CallTimer;

  constructor(
    private readonly dataSource: DataSource,
    private readonly metrics: Metrics,
  ) {
    const { poolSize = POOL_SIZE } = dataSource.options as { poolSize?: number };
    const { connectionTimeoutMillis = 0, query_timeout = 0 } = clientConfigOf(dataSource.options);
    this.queue = new FairQueue(poolSize, MAX_WAITING, {
      maxWaitMs: Math.max(connectionTimeoutMillis, query_timeout) + WAIT_BEYOND_TIMEOUT_MS,
      onWaited: (outcome, waitedMs) => metrics.stores.waitedForPostgres(outcome, waitedMs),
    });
    this.runs = metrics.stores.postgresOperation('run');
    this.transactions = metrics.stores.postgresOperation('transaction');
    metrics.stores.watchCircuit('postgres', () => this.circuit.state);
  }

  /**
   * Runs statements in the surrounding transaction, or each in its own.
   * @throws DependencyUnavailableError if Postgres cannot answer in time; OverloadedError if too many statements wait
   * for a connection, or this one waits too long.
   */
  async run<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    const transaction = this.current.get();
    return transaction
      ? guarded(() => work(transaction.manager))
      : this.inTurn(this.runs, () => work(this.dataSource.manager));
  }

  /**
   * Deletes rows. One query.
   * @param sql a DELETE without RETURNING.
   * @returns the number of deleted rows.
   * @throws as `run`
   */
  async delete(sql: string, parameters: unknown[]): Promise<number> {
    const counting = `WITH deleted AS (${sql} RETURNING 1) SELECT count(*)::int AS count FROM deleted`;
    const rows = await this.run((manager) =>
      manager.query<{ count: number }[]>(counting, parameters),
    );
    return rows[0]?.count ?? 0;
  }

  /**
   * Commits all that `work` does through `run` together, in the surrounding transaction if there is one.
   * @throws DependencyUnavailableError if Postgres cannot answer in time.
   */
  async transaction<T>(work: () => Promise<T>): Promise<T> {
    if (this.current.get()) {
      return work();
    }
    const afterCommit: Transaction['afterCommit'] = [];
    const result = await this.inTurn(this.transactions, () =>
      this.dataSource.transaction((manager) => this.current.during({ manager, afterCommit }, work)),
    );
    afterCommit.forEach((callback) => callback());
    return result;
  }

  /**
   * Calls `callback` once the surrounding transaction has committed, and never if it is rolled back; immediately
   * without a transaction. The callback must not throw.
   */
  afterCommit(callback: () => void): void {
    const transaction = this.current.get();
    if (transaction) {
      transaction.afterCommit.push(callback);
    } else {
      callback();
    }
  }

  /**
   * A connection for one purpose, made when it is first needed and again after a failure. It waits for no other
   * statement, and no circuit breaker refuses it.
   * @param deadlineMs until a statement on it fails, including the connection.
   */
  reserveConnection(deadlineMs: number): ReservedConnection {
    const calls = this.metrics.stores.postgresOperation('reserved');
    return new ReservedConnection(() => this.connectBesidePool(deadlineMs), deadlineMs, calls);
  }

  /**
   * Does work that one process at a time may do, under a shared name. A process that finds the name taken gets null
   * immediately. The lock ends with its holder in any case: after 20 s at most if the connection breaks silently.
   * @param work gets a signal that fires when the lock may be lost. It uses the pool as usual.
   * @returns null, without running `work`, if another process holds the lock.
   * @throws DependencyUnavailableError while Postgres is unavailable, and what the work throws.
   */
  async exclusively<T>(
    name: string,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<{ result: T } | null> {
    const { settings } = clientConfigOf(this.dataSource.options);
    return doExclusively(() => this.connectBesidePool(), settings, name, work);
  }

  /** The pool, for its figures. */
  get pool(): ConnectionPool {
    const { pool } = clientConfigOf(this.dataSource.options).made;
    if (!pool) {
      throw new InternalError('the data source has no pool yet');
    }
    return pool;
  }

  /** Number of statements and transactions that wait for a connection. */
  get waiting(): number {
    return this.queue.waiting + this.pool.waitingCount;
  }

  /** Whether the circuit breaker admits statements. */
  get circuitState(): CircuitState {
    return this.circuit.state;
  }

  onApplicationShutdown(): void {
    this.circuit.shutdown();
  }

  /** The circuit is inside the queue: work that waits while the circuit opens is refused when its turn comes. */
  private inTurn<T>(calls: CallTimer, work: () => Promise<T>): Promise<T> {
    return this.queue.run(asker(), () =>
      this.circuit.run(() => calls.measure(() => guarded(work))),
    );
  }

  /** Waits until Postgres grants a connection, up to the deadline; the pool closes one for it. */
  private async connectBesidePool(statementTimeoutMs?: number): Promise<PostgresClient> {
    const config = clientConfigOf(this.dataSource.options);
    const deadlineMs = performance.now() + (config.connectionTimeoutMillis ?? 0);
    const settings = statementTimeoutMs
      ? { ...config.settings, statementTimeoutMs }
      : config.settings;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await connect({ ...config, settings });
      } catch (error) {
        if (!isConnectionLimit(error) || performance.now() > deadlineMs) {
          throw error;
        }
        if (attempt === 1 && !this.pool.isLimited) {
          this.pool.limit();
        }
        await pause(ROOM_POLL_MS);
      }
    }
  }
}

/** Background work and shared work come first; then each user and each address takes turns. */
function asker(): Admission {
  const request = currentRequest();
  return request
    ? { party: request.session?.userId ?? request.origin().ip ?? '', class: 'stranger' }
    : { party: '', class: 'known' };
}
