import { Logger } from '@nestjs/common';
import Opossum from 'opossum';
import { DependencyUnavailableError, type Dependency } from './domain-error';
import { OutageLog } from './outage-log';

/** Milliseconds in which failures are counted, and after which an open circuit lets one call try. */
const WINDOW_MS = 1000;
const RESET_MS = 250;
/** Calls in the window below which nothing opens, and the share of failures that does. */
const MIN_CALLS = 5;
const FAILURE_PERCENTAGE = 50;

/** `half-open`: one call may try whether the store is back. */
export type CircuitState = 'closed' | 'open' | 'half-open';

type Work = () => Promise<unknown>;

/**
 * Stops asking a store that does not answer: open, it refuses at once; a quarter of a second later
 * one call may try. Only DependencyUnavailableError counts as a failure of the store.
 */
export class CircuitBreaker {
  private readonly circuit: Opossum<[Work]>;
  /** Of the last failure: an open circuit is none that helps a reader. */
  private cause: unknown;

  /** @param outage where it is logged that the store is away; the log of the circuit where absent. */
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
    // Emitted again each time that a call has tried the store in vain.
    this.circuit.on('open', () =>
      outage.failed('unreachable', 'most calls fail, the circuit is open'),
    );
    this.circuit.on('close', () => outage.ended());
  }

  /**
   * @throws DependencyUnavailableError, without having done the work, while the circuit is open; and
   * whatever the work throws.
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

  /** Trusts the store again at once: for whoever knows that it is back. */
  close(): void {
    this.circuit.close();
  }

  /** Lets go of its timers; afterwards every call is refused. */
  shutdown(): void {
    this.circuit.shutdown();
  }
}

function nameOf(dependency: Dependency): string {
  return dependency.charAt(0).toUpperCase() + dependency.slice(1);
}
