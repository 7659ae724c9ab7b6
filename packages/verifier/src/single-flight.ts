/** Runs one call per key at a time; who asks meanwhile gets the same result. */
export class SingleFlight<T> {
  private readonly flights = new Map<string, Promise<T>>();

  async run(key: string, call: () => Promise<T>): Promise<T> {
    const flying = this.flights.get(key);
    if (flying !== undefined) {
      return flying;
    }
    const flight = call().finally(() => this.flights.delete(key));
    this.flights.set(key, flight);
    return flight;
  }
}

/** @throws the reason of the signal, as soon as it aborts */
export async function unlessAborted<T>(work: Promise<T>, signal?: AbortSignal): Promise<T> {
  if (signal === undefined) {
    return work;
  }
  let onAbort: () => void = () => undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) {
      onAbort();
    }
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
