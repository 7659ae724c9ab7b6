// @ts-check
import { ensureDependencies } from './local/dependencies.mjs';
import { runMain } from './local/main.mjs';
import { createOutput } from './local/output.mjs';
import { prepare } from './local/preparation.mjs';
import { takeStartLock } from './local/start-lock.mjs';

// The first stage uses only Node's own modules: packages may be missing until it has ended.
await runMain(
  async (signal) => {
    const output = createOutput();
    const lock = await takeStartLock(output);
    // For an abrupt end: no child may survive this process.
    process.once('exit', () => lock.killChildren());
    try {
      await prepare({ output, signal }, [ensureDependencies]);
      const { serve } = await import('./local/start.mjs');
      await serve({ output, signal, lock });
    } catch (error) {
      if (!signal.aborted) {
        throw error;
      }
    } finally {
      lock.release();
    }
    output.say('stopped');
    return 0;
  },
  () => process.exit(1),
);
