/** What a span is about. `work`: done here; `redis`: a round trip. */
export type SpanKind = 'work' | 'redis';

/**
 * Traces what is done for a request: spans, one inside the other as the calls are. A span has a name
 * from the code and an outcome, and nothing of the data.
 */
export abstract class Tracer {
  /** Whether anything is traced. */
  abstract readonly isOn: boolean;

  /**
   * Does the work in a span, if it belongs to a request that is traced, and passes on what it returns or
   * throws.
   */
  abstract span<T>(name: string, kind: SpanKind, work: () => Promise<T>): Promise<T>;

  /** Names the request that is being answered by the pattern of its route; undefined: there is none. */
  abstract nameRequest(method: string, route: string | undefined): void;

  /** The id of the trace that this call belongs to; undefined outside of one. */
  abstract traceId(): string | undefined;
}

/** Traces nothing. */
export class NoTracer extends Tracer {
  readonly isOn = false;

  span<T>(_name: string, _kind: SpanKind, work: () => Promise<T>): Promise<T> {
    return work();
  }

  nameRequest(): void {
    // Nobody asks for the name.
  }

  traceId(): undefined {
    return undefined;
  }
}
