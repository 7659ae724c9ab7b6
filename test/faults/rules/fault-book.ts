import type { FaultWindow, RecordedRequest } from '../history';
import type { SessionFate } from './revocations';

/** What the faults of a test explain. */
export class FaultBook {
  /** @param graceMs for how long after a fault requests may still feel it. */
  constructor(
    private readonly faults: readonly FaultWindow[],
    private readonly graceMs: number,
  ) {}

  /** Whether the request fell, in part, into a fault that concerned its instance. */
  isDuring(request: RecordedRequest, target: FaultWindow['target']): boolean {
    return this.during(request, target).length > 0;
  }

  /**
   * Whether Redis may not know the session, though it is up: it was away, or lost something, when the
   * session was open already.
   */
  mayBeUnknownToRedis(request: RecordedRequest, fate: SessionFate | undefined): boolean {
    return this.faults.some(
      ({ target, startMs, endMs }) =>
        target === 'redis' &&
        startMs <= request.endMs &&
        (fate?.opening.startMs ?? 0) <= endMs + this.graceMs,
    );
  }

  /**
   * Whether a session was ended while Postgres was away, so in Redis alone, and the request met an
   * instance that went by Postgres all the same: the bound that docs/consistency.md names. Until
   * Postgres is back and has been told, only the instance that ended it knows without Redis.
   */
  isForgotten(revoke: RecordedRequest, request: RecordedRequest): boolean {
    const isSoonAfter = (endMs: number) => request.startMs <= endMs + this.graceMs;
    return this.during(revoke, 'postgres').some(
      (away) =>
        (request.instance !== revoke.instance && isSoonAfter(away.endMs)) ||
        this.faults.some(
          (loss) =>
            loss.dataLost === true &&
            revoke.startMs <= loss.startMs &&
            loss.startMs <= away.endMs &&
            isSoonAfter(Math.max(loss.endMs, away.endMs)),
        ),
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
