import { readdirSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';
import { deflateRaw } from 'node:zlib';

/** In steps of nice(1). With both competing, the event loop gets about nine tenths of a processor. */
const STEPS_BELOW = 10;
const OWN_THREADS = '/proc/self/task';

let isBelow = false;

/**
 * Lowers the priority of libuv's thread pool, which hashes passwords and decodes pictures, below that of the event
 * loop. A reach (decision 0038): no documented interface names these threads. On two processors it gives 1.24 times the
 * sign-ins of hashing on one, and beside them 1.6 times the reads of hashing on both (decision 0021). Where it is not
 * possible, or the pool has been used before, nothing changes: see `isThreadPoolBelowEventLoop`.
 */
export function putThreadPoolBelowEventLoop(): void {
  try {
    const before = new Set(readdirSync(OWN_THREADS));
    // The first use of the pool starts its threads before it returns. File access would not always use the pool.
    deflateRaw('', () => undefined);
    const started = readdirSync(OWN_THREADS).filter((thread) => !before.has(thread));
    started.forEach((thread) => setPriority(Number(thread), getPriority() + STEPS_BELOW));
    isBelow = started.length > 0;
  } catch {
    // Not Linux, a sandbox that forbids it, or a process already at the lowest priority.
  }
}

export function isThreadPoolBelowEventLoop(): boolean {
  return isBelow;
}
