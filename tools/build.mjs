// @ts-check
import { runMain } from './local/main.mjs';
import { buildModules } from './local/modules-build.mjs';
import { createOutput } from './local/output.mjs';
import { prepare } from './local/preparation.mjs';
import { buildPackages } from './local/package-build.mjs';
import { build } from './local/source-build.mjs';

await runMain(async (signal) => {
  await prepare({ output: createOutput(), signal }, [build, buildPackages, buildModules]);
  return 0;
});
