/**
 * The result of `work`, within `timeoutMs`. Work that takes longer continues; its result is dropped.
 * @throws what `work` throws, and the error of `expired` at the deadline.
 */
export function withDeadline<T>(
  work: Promise<T>,
  timeoutMs: number,
  expired: () => Error,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(expired()), timeoutMs);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** Waits until `work` has ended, in success or failure, or `timeoutMs` have passed. Never rejects. */
export function endedWithin(work: Promise<unknown>, timeoutMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, timeoutMs);
    const end = () => {
      clearTimeout(timer);
      resolve();
    };
    work.then(end, end);
  });
}
