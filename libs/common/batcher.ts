import { outsideRequest } from './request-context';

/** Bounds of a `Batcher`. */
export interface BatchLimits {
  /** Keys per load. */
  maxBatch: number;
  /** Loads that run at once. */
  maxRunning: number;
  /** Keys that wait for a load; one more is refused. */
  maxWaiting: number;
}

interface Waiting<Value> {
  promise: Promise<Value | undefined>;
  resolve: (value: Value | undefined) => void;
  reject: (error: unknown) => void;
}

/**
 * Combines many single reads into few loads of many keys. At the limit of running loads, further keys wait and share
 * the next load; equal keys are loaded once. A key never joins a load that has begun, so no result is older than its
 * request. DataLoader bounds neither the running loads nor the waiting keys.
 */
export class Batcher<Key, Value> {
  private waiting = new Map<Key, Waiting<Value>>();
  private running = 0;
  private scheduled = false;

  /**
   * @param load returns the values by key; a missing key yields undefined.
   * @param refusal creates the error for a key beyond the limit.
   */
  constructor(
    private readonly load: (keys: Key[]) => Promise<ReadonlyMap<Key, Value>>,
    private readonly limits: BatchLimits,
    private readonly refusal: () => Error,
  ) {}

  /** Rejects with the error of the load, or with the refusal. */
  get(key: Key): Promise<Value | undefined> {
    const known = this.waiting.get(key);
    if (known) {
      return known.promise;
    }
    if (this.waiting.size >= this.limits.maxWaiting) {
      return Promise.reject(this.refusal());
    }
    const { promise, resolve, reject } = withResolvers<Value | undefined>();
    this.waiting.set(key, { promise, resolve, reject });
    this.schedule();
    return promise;
  }

  /** Starts at the end of this turn of the event loop, so that keys of one turn share a load. */
  private schedule(): void {
    if (!this.scheduled && this.running < this.limits.maxRunning) {
      this.scheduled = true;
      // A load for many requests belongs to none of them.
      outsideRequest(() =>
        setImmediate(() => {
          this.scheduled = false;
          void this.runNext();
        }),
      );
    }
  }

  private async runNext(): Promise<void> {
    const batch = [...this.waiting].slice(0, this.limits.maxBatch);
    batch.forEach(([key]) => this.waiting.delete(key));
    this.running += 1;
    if (this.waiting.size > 0) {
      this.schedule();
    }
    try {
      const found = await this.load(batch.map(([key]) => key));
      batch.forEach(([key, { resolve }]) => resolve(found.get(key)));
    } catch (error) {
      batch.forEach(([, { reject }]) => reject(error));
    } finally {
      this.running -= 1;
      if (this.waiting.size > 0) {
        this.schedule();
      }
    }
  }
}

/** `Promise.withResolvers`, which Node 20 lacks. */
function withResolvers<T>() {
  let resolve!: (value: T) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}
