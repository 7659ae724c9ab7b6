import { readdirSync, stat } from 'node:fs';
import { getPriority, setPriority } from 'node:os';

/** In steps of nice(1). Where both want a processor the event loop gets some nine tenths of it. */
const STEPS_BELOW = 10;
const LEAST_PRIORITY = 19;
const OWN_THREADS = '/proc/self/task';

let isBelow = false;

/**
 * Lets the event loop go before the threads of libuv's pool, on which passwords are hashed and pictures are
 * decoded: these then take what processors it leaves, and it waits for none of them. Linux alone gives a thread a
 * priority of its own; elsewhere, and where the pool has been used already, everything stays as it is.
 * A thread that one of them starts has its priority (setpriority(2), "C library/kernel differences").
 */
export function putThreadPoolBelowEventLoop(): void {
  if (process.platform !== 'linux') {
    return;
  }
  try {
    const before = new Set(readdirSync(OWN_THREADS));
    // The first use of the pool starts its threads, and has them when it returns.
    stat('.', () => undefined);
    const started = readdirSync(OWN_THREADS).filter((thread) => !before.has(thread));
    const priority = Math.min(LEAST_PRIORITY, getPriority() + STEPS_BELOW);
    started.forEach((thread) => setPriority(Number(thread), priority));
    isBelow = started.length > 0;
  } catch {
    // A sandbox that forbids it: the pool is as important as the event loop.
  }
}

export function isThreadPoolBelowEventLoop(): boolean {
  return isBelow;
}
