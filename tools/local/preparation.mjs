// @ts-check
import { join } from 'node:path';
import { waitForLock } from './lock.mjs';
import { DATA_DIR } from './paths.mjs';

const INSTALL_LOCK = join(DATA_DIR, 'install.lock');
const INSTALL_LOCK_DEADLINE_MS = 20 * 60_000;

/**
 * `npm start`, `npm test` and `npm run build` change `node_modules` and `dist` one at a time.
 * @param {import('./dependencies.mjs').StepContext} context
 * @param {((context: import('./dependencies.mjs').StepContext) => Promise<void>)[]} steps
 */
export async function prepare({ output, signal, onSpawn }, steps) {
  const lock = await waitForLock(INSTALL_LOCK, {
    deadlineMs: INSTALL_LOCK_DEADLINE_MS,
    onWait: ({ pid }) => output.say(`waiting for process ${pid}, which installs or builds here`),
    signal,
  });
  try {
    for (const step of steps) {
      await step({
        output,
        signal,
        onSpawn(child) {
          lock.addChild(child);
          onSpawn?.(child);
        },
      });
    }
  } finally {
    lock.release();
  }
}
