import { Logger } from '@nestjs/common';
import Opossum from 'opossum';
import { DependencyUnavailableError, type Dependency } from './domain-error';
import { OutageLog } from './outage-log';

/** Milliseconds in which failures are counted, and after which an open circuit admits one call. */
const WINDOW_MS = 1000;
const RESET_MS = 250;
/** Minimum number of calls in the window before the circuit opens, and the share of failures that opens it. */
const MIN_CALLS = 5;
const FAILURE_PERCENTAGE = 50;

/** `half-open`: one call tests the store. */
export type CircuitState = 'closed' | 'open' | 'half-open';

type Work = () => Promise<unknown>;

/**
 * Refuses calls to a store that does not answer. While open it refuses every call immediately; after 250 ms one call
 * tests the store. Only DependencyUnavailableError counts as a failure.
 */
export class CircuitBreaker {
  private readonly circuit: Opossum<[Work]>;
  /** Of the last failure: "the circuit is open" would not explain it. */
  private cause: unknown;

  /** @param outage logs the outages of the store. Absent: a log of the circuit. */
  constructor(
    private readonly dependency: Dependency,
    outage: Pick<OutageLog, 'failed' | 'ended'> = new OutageLog(
      nameOf(dependency),
      new Logger(`Circuit:${dependency}`),
    ),
  ) {
    this.circuit = new Opossum((work: Work) => work(), {
      timeout: false,
      rollingCountTimeout: WINDOW_MS,
      resetTimeout: RESET_MS,
      volumeThreshold: MIN_CALLS,
      errorThresholdPercentage: FAILURE_PERCENTAGE,
      rollingPercentilesEnabled: false,
      errorFilter: (error: unknown) => !(error instanceof DependencyUnavailableError),
    });
    // Emitted again after each failed test call.
    this.circuit.on('open', () =>
      outage.failed('unreachable', 'most calls fail, the circuit is open'),
    );
    this.circuit.on('close', () => outage.ended());
  }

  /**
   * @throws DependencyUnavailableError while the circuit is open, without doing the work; and what the work throws.
   */
  async run<T>(work: () => Promise<T>): Promise<T> {
    try {
      return (await this.circuit.fire(work)) as T;
    } catch (error) {
      if (Opossum.isOurError(error as Error)) {
        throw new DependencyUnavailableError(this.dependency, { cause: this.cause ?? error });
      }
      if (error instanceof DependencyUnavailableError) {
        this.cause = error.cause;
      }
      throw error;
    }
  }

  get state(): CircuitState {
    if (this.circuit.halfOpen) {
      return 'half-open';
    }
    return this.circuit.opened ? 'open' : 'closed';
  }

  /** Closes the circuit, for a caller that knows that the store answers. */
  close(): void {
    this.circuit.close();
  }

  /** Clears the timers; every later call is refused. */
  shutdown(): void {
    this.circuit.shutdown();
  }
}

function nameOf(dependency: Dependency): string {
  return dependency.charAt(0).toUpperCase() + dependency.slice(1);
}
