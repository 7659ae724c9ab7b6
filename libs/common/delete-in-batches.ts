import { setTimeout as pause } from 'node:timers/promises';

/** Rows that one statement deletes, and the breath between two: other statements come first. */
const BATCH = 1000;
const PAUSE_MS = 100;

/**
 * Deletes until there is nothing more to delete.
 * @param deleteSome deletes up to `limit`; returns how many, fewer when no more are left.
 * @param signal ends it between two batches.
 * @returns how many.
 */
export async function deleteInBatches(
  deleteSome: (limit: number) => Promise<number>,
  signal?: AbortSignal,
): Promise<number> {
  let total = 0;
  for (;;) {
    const deleted = await deleteSome(BATCH);
    total += deleted;
    if (deleted < BATCH) {
      return total;
    }
    await pause(PAUSE_MS, undefined, { signal });
  }
}
