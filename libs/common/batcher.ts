import { outsideRequest } from './request-context';

/** How a `Batcher` is bounded. */
export interface BatchLimits {
  /** Keys that one load may take. */
  maxBatch: number;
  /** Loads that run at once. */
  maxRunning: number;
  /** Keys that may wait for their load; one more is refused. */
  maxWaiting: number;
}

interface Waiting<Value> {
  promise: Promise<Value | undefined>;
  resolve: (value: Value | undefined) => void;
  reject: (error: unknown) => void;
}

/**
 * Turns many single reads into few loads of many keys. While as many loads run as may, further keys
 * wait and share the next one; the same key asked twice is loaded once. A key never joins a load
 * that has begun: what it is told was read after it asked, so no answer is older than its question.
 * Not a DataLoader: that bounds neither the loads under way nor the keys that wait.
 */
export class Batcher<Key, Value> {
  private waiting = new Map<Key, Waiting<Value>>();
  private running = 0;
  private scheduled = false;

  /**
   * @param load returns what it found; a key that is missing there is answered with undefined.
   * @param refusal makes the error for a key that finds no room to wait.
   */
  constructor(
    private readonly load: (keys: Key[]) => Promise<ReadonlyMap<Key, Value>>,
    private readonly limits: BatchLimits,
    private readonly refusal: () => Error,
  ) {}

  /** Rejects with what the load threw, or with the refusal. */
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

  /** At the end of this turn of the event loop: what arrived together is loaded together. */
  private schedule(): void {
    if (!this.scheduled && this.running < this.limits.maxRunning) {
      this.scheduled = true;
      // A load for many belongs to none of their requests.
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

/** `Promise.withResolvers`, which Node 20 does not have. */
function withResolvers<T>() {
  let resolve!: (value: T) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}
