import { AsyncLocalStorage } from 'node:async_hooks';

/**
 * A value that work finds without being handed it, also after it has waited. Node follows every promise
 * of the process while such a value is in use anywhere (before its release 24), which makes all requests
 * dearer: so it is held only as long as somebody needs it.
 */
export class AsyncScope<T> {
  private readonly storage = new AsyncLocalStorage<T | undefined>();
  private holders = 0;

  /** Whether the value is in use anywhere. */
  get isHeld(): boolean {
    return this.holders > 0;
  }

  /** @returns undefined outside of a scope. */
  get(): T | undefined {
    return this.storage.getStore();
  }

  /**
   * Lets `work`, and all that it starts, find the value until the scope is released.
   * @param release is given a function that ends the scope; whoever calls `enter` sees that it is called.
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

  /** For work that happens to be set off in a scope and does not belong to it. */
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
