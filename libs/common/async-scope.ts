import { AsyncLocalStorage } from 'node:async_hooks';

/**
 * A value that asynchronous work finds without a parameter. Until version 24, Node tracks every promise of the process
 * while such a value is in use, which makes all requests slower: therefore a scope is released as early as possible.
 */
export class AsyncScope<T> {
  private readonly storage = new AsyncLocalStorage<T | undefined>();
  private holders = 0;

  /** Whether any scope is in use. */
  get isHeld(): boolean {
    return this.holders > 0;
  }

  /** @returns undefined outside of a scope. */
  get(): T | undefined {
    return this.storage.getStore();
  }

  /**
   * Makes the value available to `work` and all that it starts, until the scope is released.
   * @param release gets a function that ends the scope; the caller of `enter` must make sure that it is called.
   */
  enter<R>(value: T, work: (release: () => void) => R): R {
    this.holders += 1;
    let held = true;
    const release = () => {
      if (held) {
        held = false;
        this.letGo();
      }
    };
    return this.storage.run(value, work, release);
  }

  /** The scope ends with the work. */
  async during<R>(value: T, work: () => Promise<R>): Promise<R> {
    this.holders += 1;
    try {
      return await this.storage.run(value, work);
    } finally {
      this.letGo();
    }
  }

  /** For work that starts in a scope but does not belong to it. */
  outside<R>(work: () => R): R {
    return this.isHeld ? this.storage.run(undefined, work) : work();
  }

  private letGo(): void {
    this.holders -= 1;
    if (this.holders === 0) {
      this.storage.disable();
    }
  }
}
