import { Gauge, Histogram, type Registry } from 'prom-client';
import type { CircuitState } from '#libs/common';
import { CallTimer } from './call-timer';

const CIRCUIT_STATES: CircuitState[] = ['closed', 'half-open', 'open'];

/** `run`: statements outside a transaction; `reserved`: one on a connection outside the pool. */
export type PostgresOperation = 'run' | 'transaction' | 'reserved';

interface StoreWarnings {
  codes: () => Promise<readonly string[]>;
  /** All warnings so far: an alert must end at 0, not at a missing series. */
  seen: Set<string>;
}

/** Connections of the pool, and statements that wait for one. */
export interface PoolConnections {
  inUse: number;
  idle: number;
  waiting: number;
}

/** The stores as seen by this process: durations, circuit breakers, pool. */
export class StoreMetrics {
  private readonly redisCommands: Histogram;
  private readonly postgresOperations: Histogram;
  private readonly postgresWaits: Histogram;
  private readonly circuits = new Map<string, () => CircuitState>();
  private readonly warnings = new Map<string, StoreWarnings>();
  private poolConnections: (() => PoolConnections) | undefined;

  constructor(registry: Registry) {
    this.redisCommands = new Histogram({
      name: 'latchkey_redis_command_duration_seconds',
      help: 'Duration of round trips to Redis, by script or command and outcome.',
      labelNames: ['command', 'outcome'],
      buckets: [0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1],
      registers: [registry],
    });
    this.postgresOperations = new Histogram({
      name: 'latchkey_postgres_operation_duration_seconds',
      help: 'Duration of work with Postgres, without the wait for a connection.',
      labelNames: ['operation', 'outcome'],
      buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
      registers: [registry],
    });
    this.postgresWaits = new Histogram({
      name: 'latchkey_postgres_pool_wait_duration_seconds',
      help: 'Time for which work waited because all connections of the pool were in use, by outcome.',
      labelNames: ['outcome'],
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
      registers: [registry],
    });
    // An alert on the first refusal needs the series before it.
    (['ok', 'refused'] as const).forEach((outcome) => this.postgresWaits.zero({ outcome }));
    this.exportCircuits(registry);
    this.exportWarnings(registry);
    this.exportPool(registry);
  }

  /** The caller that sends the command or runs the script keeps it. */
  redisCommand(name: string): CallTimer {
    return new CallTimer(this.redisCommands, name);
  }

  /** The caller that does the work keeps it. */
  postgresOperation(operation: PostgresOperation): CallTimer {
    return new CallTimer(this.postgresOperations, operation);
  }

  /** Records that work had to wait for a connection of the pool. */
  waitedForPostgres(outcome: 'ok' | 'refused', waitedMs: number): void {
    this.postgresWaits.labels(outcome).observe(waitedMs / 1000);
  }

  /** @param state read at each scrape. */
  watchCircuit(store: string, state: () => CircuitState): void {
    this.circuits.set(store, state);
  }

  /** @param codes the warnings of the health report for the store, read at each scrape. */
  watchWarnings(store: string, codes: StoreWarnings['codes']): void {
    this.warnings.set(store, { codes, seen: new Set(['unreachable']) });
  }

  /** @param connections read at each scrape. */
  watchPool(connections: () => PoolConnections): void {
    this.poolConnections = connections;
  }

  private exportCircuits(registry: Registry): void {
    const { circuits } = this;
    new Gauge({
      name: 'latchkey_circuit_breaker_state',
      help: '1 for the current state of the circuit breaker of a store, 0 for the others.',
      labelNames: ['store', 'state'],
      registers: [registry],
      collect() {
        for (const [store, stateOf] of circuits) {
          const current = stateOf();
          CIRCUIT_STATES.forEach((state) => this.set({ store, state }, state === current ? 1 : 0));
        }
      },
    });
  }

  private exportWarnings(registry: Registry): void {
    const { warnings } = this;
    new Gauge({
      name: 'latchkey_health_warning',
      help: '1 while the health report has this warning for the store, 0 afterwards.',
      labelNames: ['store', 'code'],
      registers: [registry],
      async collect() {
        await Promise.all(
          [...warnings].map(async ([store, { codes, seen }]) => {
            const current = await codes();
            current.forEach((code) => seen.add(code));
            seen.forEach((code) => this.set({ store, code }, current.includes(code) ? 1 : 0));
          }),
        );
      },
    });
  }

  private exportPool(registry: Registry): void {
    const connections = () => this.poolConnections?.();
    new Gauge({
      name: 'latchkey_postgres_pool_connections',
      help: 'Connections of the pool that are in use or idle, and statements waiting for one.',
      labelNames: ['state'],
      registers: [registry],
      collect() {
        const now = connections();
        if (now) {
          this.set({ state: 'in_use' }, now.inUse);
          this.set({ state: 'idle' }, now.idle);
          this.set({ state: 'waiting' }, now.waiting);
        }
      },
    });
  }
}
