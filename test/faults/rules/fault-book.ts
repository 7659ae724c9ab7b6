import type { FaultWindow, RecordedRequest } from '../history';
import type { SessionFate } from './revocations';

/** Requests that the faults of a test excuse. */
export class FaultBook {
  /** @param graceMs milliseconds after a fault in which requests may still be affected. */
  constructor(
    private readonly faults: readonly FaultWindow[],
    private readonly graceMs: number,
  ) {}

  /** Whether the request overlapped a fault of its instance. */
  isDuring(request: RecordedRequest, target: FaultWindow['target']): boolean {
    return this.during(request, target).length > 0;
  }

  /**
   * Whether Redis may lack the session, though it is up: it was away, or lost data, or its data became void, when the
   * session was open already.
   */
  mayBeUnknownToRedis(request: RecordedRequest, fate: SessionFate | undefined): boolean {
    return this.faults.some(
      ({ target, startMs, endMs }) =>
        (target === 'redis' || target === 'sessions-in-redis') &&
        startMs <= request.endMs &&
        (fate?.opening.startMs ?? 0) <= endMs + this.graceMs,
    );
  }

  private during(request: RecordedRequest, target: FaultWindow['target']): FaultWindow[] {
    return this.faults.filter(
      (fault) =>
        fault.target === target &&
        fault.instances.includes(request.instance) &&
        fault.startMs <= request.endMs &&
        request.startMs <= fault.endMs + this.graceMs,
    );
  }
}
