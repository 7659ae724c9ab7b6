import { readdirSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';
import { deflateRaw } from 'node:zlib';

/** In steps of nice(1). Where both want a processor the event loop gets some nine tenths of it. */
const STEPS_BELOW = 10;
const OWN_THREADS = '/proc/self/task';

let isBelow = false;

/**
 * Lets the event loop go before the threads of libuv's pool, on which passwords are hashed and pictures are decoded: they
 * take the processors that it leaves. A reach (decision 0038): nothing documented names these threads. On two processors
 * it gives 1.24 times the sign-ins of hashing on one, and beside them 1.6 times the reads of hashing on both (decision
 * 0021). Where it is not possible, or the pool has been used before, nothing changes: `isThreadPoolBelowEventLoop` tells.
 */
export function putThreadPoolBelowEventLoop(): void {
  try {
    const before = new Set(readdirSync(OWN_THREADS));
    // The first use of the pool starts its threads, and has them when it returns. A file would not always use it.
    deflateRaw('', () => undefined);
    const started = readdirSync(OWN_THREADS).filter((thread) => !before.has(thread));
    started.forEach((thread) => setPriority(Number(thread), getPriority() + STEPS_BELOW));
    isBelow = started.length > 0;
  } catch {
    // Not Linux, a sandbox that forbids it, or a process with no lower priority left.
  }
}

export function isThreadPoolBelowEventLoop(): boolean {
  return isBelow;
}
