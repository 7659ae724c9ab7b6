// @ts-check
import { join } from 'node:path';
import { Failure } from './failure.mjs';
import { LockHeld, takeLock } from './lock.mjs';
import { DATA_DIR } from './paths.mjs';

/**
 * At most one `npm start` runs in a checkout.
 * @param {import('./output.mjs').Output} output
 */
export async function takeStartLock(output) {
  try {
    return await takeLock(join(DATA_DIR, 'start.lock'), () =>
      output.say('cleaning up after a start that was killed'),
    );
  } catch (error) {
    if (!(error instanceof LockHeld)) {
      throw error;
    }
    const { pid, url } = error.holder;
    const place = url === undefined ? 'is being started' : `runs at ${url}`;
    throw new Failure(
      `Latchkey ${place} from this folder already (process ${pid}): ` +
        `use that one, or stop it with Ctrl-C there or with kill ${pid}.`,
    );
  }
}
