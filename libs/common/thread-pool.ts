import { readdirSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';
import { deflateRaw } from 'node:zlib';

/** In steps of nice(1). Where both want a processor the event loop gets some nine tenths of it. */
const STEPS_BELOW = 10;
const LEAST_PRIORITY = 19;
const OWN_THREADS = '/proc/self/task';

let isBelow = false;

/**
 * Lets the event loop go before the threads of libuv's pool, on which passwords are hashed and pictures are
 * decoded: they take what processors it leaves. Linux alone gives a thread a priority of its own (setpriority(2),
 * BUGS), which those that it starts have too. Elsewhere, and where the pool has been used already, everything
 * stays as it is: `isThreadPoolBelowEventLoop` tells.
 */
export function putThreadPoolBelowEventLoop(): void {
  const priority = getPriority() + STEPS_BELOW;
  if (process.platform !== 'linux' || priority > LEAST_PRIORITY) {
    return;
  }
  try {
    const before = new Set(readdirSync(OWN_THREADS));
    // The first use of the pool starts its threads, and has them when it returns. A file would not always use it.
    deflateRaw('', () => undefined);
    const started = readdirSync(OWN_THREADS).filter((thread) => !before.has(thread));
    started.forEach((thread) => setPriority(Number(thread), priority));
    isBelow = started.length > 0;
  } catch {
    // A sandbox that forbids it: the pool is as important as the event loop.
  }
}

export function isThreadPoolBelowEventLoop(): boolean {
  return isBelow;
}
