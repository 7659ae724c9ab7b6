// @ts-check
import { ensureDependencies } from './local/dependencies.mjs';
import { runMain } from './local/main.mjs';
import { createOutput } from './local/output.mjs';
import { prepare } from './local/preparation.mjs';

// The first stage uses only Node's own modules: packages may be missing until it has ended.
await runMain(async (signal) => {
  const output = createOutput();
  await prepare({ output, signal }, [ensureDependencies]);
  const { test } = await import('./local/test-run.mjs');
  return test(process.argv.slice(2), { output, signal });
});
