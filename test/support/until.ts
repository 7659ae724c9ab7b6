import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 50;

/** Waits for a condition, for as long as Jest lets it. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) {
    await sleep(POLL_MS);
  }
}
