import { setTimeout as pause } from 'node:timers/promises';

/** Rows per statement, and the pause between two statements, for other statements. */
const BATCH = 1000;
const PAUSE_MS = 100;

/**
 * Deletes in batches until no row is left.
 * @param deleteSome deletes up to `limit` rows and returns how many; fewer means that no more are left.
 * @param signal ends the deletion between two batches.
 * @returns the number of deleted rows.
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
