import { Gauge, Histogram, type Registry } from 'prom-client';
import type { CircuitState } from '#libs/common';
import { CallTimer } from './call-timer';

const CIRCUIT_STATES: CircuitState[] = ['closed', 'half-open', 'open'];

/** `run`: statements outside a transaction; `reserved`: one on a connection outside the pool. */
export type PostgresOperation = 'run' | 'transaction' | 'reserved';

/** The stores as this process sees them: how long they take, and whether they are asked at all. */
export class StoreMetrics {
  private readonly redisCommands: Histogram;
  private readonly postgresOperations: Histogram;
  private readonly circuits = new Map<string, () => CircuitState>();

  constructor(registry: Registry) {
    this.redisCommands = new Histogram({
      name: 'latchkey_redis_command_duration_seconds',
      help: 'Round trips to Redis, by script or command and outcome, as this process felt them.',
      labelNames: ['command', 'outcome'],
      buckets: [0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1],
      registers: [registry],
    });
    this.postgresOperations = new Histogram({
      name: 'latchkey_postgres_operation_duration_seconds',
      help: 'Work with Postgres, waiting for a connection included.',
      labelNames: ['operation', 'outcome'],
      buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
      registers: [registry],
    });
    const { circuits } = this;
    new Gauge({
      name: 'latchkey_circuit_breaker_state',
      help: '1 for the state that the circuit breaker of a store is in, 0 for the others.',
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

  /** To be kept by whoever sends the command, or runs the script. */
  redisCommand(name: string): CallTimer {
    return new CallTimer(this.redisCommands, name);
  }

  /** To be kept by whoever does the work. */
  postgresOperation(operation: PostgresOperation): CallTimer {
    return new CallTimer(this.postgresOperations, operation);
  }

  /** @param state read when it is asked for. */
  watchCircuit(store: string, state: () => CircuitState): void {
    this.circuits.set(store, state);
  }
}
