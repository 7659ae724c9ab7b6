interface Flight<Value> {
  /** Begins when this one has ended, for those who came while it was under way. */
  next?: Promise<Value>;
  ended: Promise<void>;
}

/**
 * Does the same work once for many who want it at the same time. Nobody joins work that has begun:
 * a caller that comes meanwhile shares the next run, so no answer is older than its question. Libraries for this
 * (`p-memoize`, `LRUCache.fetch`) let a caller join the run under way.
 */
export class SingleFlight<Value> {
  private readonly flights = new Map<string, Flight<Value>>();

  /** Rejects with what the work threw; those who share the next run are not concerned. */
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
