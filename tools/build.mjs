// @ts-check
import { runMain } from './local/main.mjs';
import { createOutput } from './local/output.mjs';
import { prepare } from './local/preparation.mjs';
import { buildPackages } from './local/package-build.mjs';
import { build } from './local/source-build.mjs';

await runMain(async (signal) => {
  await prepare({ output: createOutput(), signal }, [build, buildPackages]);
  return 0;
});
