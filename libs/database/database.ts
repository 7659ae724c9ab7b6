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

/** Between attempts to get a connection beside the pool that Postgres does not grant yet. */
const ROOM_POLL_MS = 100;

/** Statements and transactions that wait for a connection at once. At a millisecond each, a tenth of a second. */
const MAX_WAITING = 1_000;

/** A transaction in progress. */
interface Transaction {
  manager: EntityManager;
  afterCommit: (() => void)[];
}

/**
 * Postgres as the stores see it. Work started inside `transaction` joins it, also across stores, so
 * that a change of two tables owned by two libraries still happens wholly or not at all. A Postgres
 * that does not answer is not asked for a while: then everything is refused at once. While all connections of
 * the pool are taken, clients take turns: a flood by one of them makes that one wait, and is not mistaken for a
 * Postgres that is away.
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
    this.queue = new FairQueue(poolSize, MAX_WAITING);
    this.runs = metrics.stores.postgresOperation('run');
    this.transactions = metrics.stores.postgresOperation('transaction');
    metrics.stores.watchCircuit('postgres', () => this.circuit.state);
  }

  /**
   * Runs statements in the surrounding transaction, or each by itself.
   * @throws DependencyUnavailableError when Postgres cannot answer in time; OverloadedError when too many wait
   * for a connection.
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
   * @returns how many.
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
   * Everything that `work` does through `run` commits together, with the surrounding transaction where
   * there is one.
   * @throws DependencyUnavailableError when Postgres cannot answer in time.
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
   * Calls back once the surrounding transaction has committed, and never if it does not; at once where
   * there is none. The callback must not throw.
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
   * A connection that nothing else uses, made when it is first needed and again after a failure: no
   * load of other statements makes it wait, and no breaker keeps it from trying.
   * @param deadlineMs until a statement on it fails, connecting included.
   */
  reserveConnection(deadlineMs: number): ReservedConnection {
    const calls = this.metrics.stores.postgresOperation('reserved');
    return new ReservedConnection(() => this.connectBesidePool(deadlineMs), deadlineMs, calls);
  }

  /**
   * Does work that one process of all may do at a time, by a name that they share. A process that comes
   * second gets null at once. The lock ends with its holder, however that ends; on a connection that is lost
   * without a word, after 20 s at most.
   * @param work given a signal that fires when the lock may be lost. It uses the pool as ever.
   * @returns null, with nothing done, when another process is at it.
   * @throws DependencyUnavailableError when Postgres is away, and whatever the work throws.
   */
  async exclusively<T>(
    name: string,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<{ result: T } | null> {
    const { settings } = clientConfigOf(this.dataSource.options);
    return doExclusively(() => this.connectBesidePool(), settings, name, work);
  }

  /** The pool, whose figures are measured. */
  get pool(): ConnectionPool {
    const { pool } = clientConfigOf(this.dataSource.options).made;
    if (!pool) {
      throw new InternalError('the data source has no pool yet');
    }
    return pool;
  }

  /** Statements and transactions that wait for a connection. */
  get waiting(): number {
    return this.queue.waiting + this.pool.waitingCount;
  }

  /** Whether statements are sent at all. */
  get circuitState(): CircuitState {
    return this.circuit.state;
  }

  onApplicationShutdown(): void {
    this.circuit.shutdown();
  }

  /** In this order: what waits while the circuit opens is refused at once when its turn comes. */
  private inTurn<T>(calls: CallTimer, work: () => Promise<T>): Promise<T> {
    return this.queue.run(asker(), () =>
      this.circuit.run(() => calls.measure(() => guarded(work))),
    );
  }

  /** One that Postgres does not grant is waited for, until the deadline; the pool makes room for it. */
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

/** What the service does by itself, or for many at once, comes first; then each user and each address takes a turn. */
function asker(): Admission {
  const request = currentRequest();
  return request
    ? { party: request.session?.userId ?? request.origin().ip ?? '', class: 'stranger' }
    : { party: '', class: 'known' };
}
