/** The kind of a span. `work`: in this process; `redis`: a round trip. */
export type SpanKind = 'work' | 'redis';

/** Traces the work for a request as nested spans. A span has a name from the code and an outcome, and no data. */
export abstract class Tracer {
  /** Whether tracing is on. */
  abstract readonly isOn: boolean;

  /** Does the work in a span if it belongs to a traced request. Passes on its result or error. */
  abstract span<T>(name: string, kind: SpanKind, work: () => Promise<T>): Promise<T>;

  /** Names the current request by its route pattern; undefined: it has none. */
  abstract nameRequest(method: string, route: string | undefined): void;

  /** The id of the current trace; undefined outside of one. */
  abstract traceId(): string | undefined;
}

/** Traces nothing. */
export class NoTracer extends Tracer {
  readonly isOn = false;

  span<T>(_name: string, _kind: SpanKind, work: () => Promise<T>): Promise<T> {
    return work();
  }

  nameRequest(): void {
    // No span has the name.
  }

  traceId(): undefined {
    return undefined;
  }
}
