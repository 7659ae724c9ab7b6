import { Counter, type Registry } from 'prom-client';
import { DomainError } from '#libs/common';

/** Codes whose meaning at a sign-in or refresh is narrower than their name. */
const RESULTS: Record<string, string> = {
  forbidden: 'disabled',
  dependency_unavailable: 'unavailable',
};

/** Counts outcomes: `succeeded`, the code of the error, or `failed` for an internal error. */
export class ResultCounter {
  constructor(private readonly counter: Counter) {
    ['succeeded', 'unavailable', 'failed'].forEach((result) => counter.labels(result).inc(0));
  }

  /** Does the work, and passes on its result or error. */
  async count<T>(work: () => Promise<T>): Promise<T> {
    let result = 'succeeded';
    try {
      return await work();
    } catch (error) {
      result = error instanceof DomainError ? (RESULTS[error.code] ?? error.code) : 'failed';
      throw error;
    } finally {
      this.counter.labels(result).inc();
    }
  }
}

/** Sign-ins, refreshes and the limits on them. */
export class AuthMetrics {
  readonly logins: ResultCounter;
  readonly refreshes: ResultCounter;
  private readonly refused: Counter;

  constructor(registry: Registry) {
    const counter = (name: string, help: string) =>
      new ResultCounter(new Counter({ name, help, labelNames: ['result'], registers: [registry] }));
    this.logins = counter('latchkey_logins_total', 'Sign-ins with a password, by result.');
    this.refreshes = counter('latchkey_refreshes_total', 'Uses of a refresh token, by result.');
    this.refused = new Counter({
      name: 'latchkey_attempts_refused_total',
      help: 'Sign-ins, registrations, refreshes and other calls that a limit refused, by limit.',
      labelNames: ['limit'],
      registers: [registry],
    });
  }

  /**
   * @param limits all limits: each is exported from the start.
   * @returns counts an attempt that a limit refused.
   */
  refusals<Limit extends string>(limits: readonly Limit[]): (limit: Limit) => void {
    const counters = new Map(limits.map((limit) => [limit, this.refused.labels(limit)]));
    counters.forEach((counter) => counter.inc(0));
    return (limit) => counters.get(limit)?.inc();
  }
}
