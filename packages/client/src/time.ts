/** Time as the client needs it. Tests pass their own. */
export interface Time {
  /** Milliseconds of a clock that no change of the system's time moves. */
  nowMs(): number;
  /**
   * Calls `action` once, after `ms` milliseconds.
   * @returns a function that cancels it.
   */
  after(ms: number, action: () => void): () => void;
}

export const systemTime: Time = {
  nowMs: () => performance.now(),
  after(ms, action) {
    const timer = setTimeout(action, ms);
    return () => clearTimeout(timer);
  },
};

/** Resolves after `ms` milliseconds. Rejects with the reason of the signal if that is aborted before. */
export async function sleep(time: Time, ms: number, signal: AbortSignal): Promise<void> {
  let cancel = (): void => undefined;
  const elapsed = new Promise<void>((resolve) => (cancel = time.after(ms, resolve)));
  await orAborted(elapsed, signal).finally(cancel);
}

/** The promise, or a rejection with the reason of the signal if that is aborted before. */
export async function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  // The caller of an aborted call does not wait for it, so its failure must not count as unhandled.
  promise.catch(() => undefined);
  signal.throwIfAborted();
  let stop = (): void => undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    stop = () => reject(signal.reason as Error);
    signal.addEventListener('abort', stop);
  });
  return Promise.race([promise, aborted]).finally(() => signal.removeEventListener('abort', stop));
}
