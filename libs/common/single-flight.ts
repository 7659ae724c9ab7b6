interface Flight<Value> {
  /** Begins when the current run has ended, for the callers that arrived during it. */
  next?: Promise<Value>;
  ended: Promise<void>;
}

/**
 * Runs the same work once for many concurrent callers. No caller joins a run that has begun: callers during a run share
 * the next one, so no result is older than its request. Libraries for this (`p-memoize`, `LRUCache.fetch`) let a caller
 * join the current run.
 */
export class SingleFlight<Value> {
  private readonly flights = new Map<string, Flight<Value>>();

  /** Rejects with the error of the run; callers of the next run are not affected. */
  run(key: string, work: () => Promise<Value>): Promise<Value> {
    const flight = this.flights.get(key);
    if (!flight) {
      return this.begin(key, work);
    }
    flight.next ??= flight.ended.then(() => this.begin(key, work));
    return flight.next;
  }

  private begin(key: string, work: () => Promise<Value>): Promise<Value> {
    const value = work();
    const flight: Flight<Value> = {
      ended: value.then(
        () => this.end(key, flight),
        () => this.end(key, flight),
      ),
    };
    this.flights.set(key, flight);
    return value;
  }

  private end(key: string, flight: Flight<Value>): void {
    if (!flight.next) {
      this.flights.delete(key);
    }
  }
}
