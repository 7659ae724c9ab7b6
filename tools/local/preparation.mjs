// @ts-check
import { join } from 'node:path';
import { waitForLock } from './lock.mjs';
import { DATA_DIR } from './paths.mjs';

const INSTALL_LOCK = join(DATA_DIR, 'install.lock');
const INSTALL_LOCK_DEADLINE_MS = 20 * 60_000;

/** @typedef {{ output: import('./output.mjs').Output, signal?: AbortSignal | undefined }} StepContext */

/**
 * Runs steps that change `node_modules` and `dist`, for one command of a checkout at a time.
 * @param {StepContext} context
 * @param {((context: StepContext) => Promise<void>)[]} steps
 */
export async function prepare(context, steps) {
  const { output, signal } = context;
  const lock = await waitForLock(INSTALL_LOCK, {
    deadlineMs: INSTALL_LOCK_DEADLINE_MS,
    onWait: ({ pid }) => output.say(`waiting for process ${pid}, which installs or builds here`),
    signal,
  });
  try {
    for (const step of steps) {
      await step(context);
    }
  } finally {
    lock.release();
  }
}
