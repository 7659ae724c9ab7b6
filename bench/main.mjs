// @ts-check
import { writeFileSync } from 'node:fs';
import { ensureDependencies } from '../tools/local/dependencies.mjs';
import { runMain } from '../tools/local/main.mjs';
import { checkNodeVersion } from '../tools/local/node-version.mjs';
import { createOutput } from '../tools/local/output.mjs';
import { prepare } from '../tools/local/preparation.mjs';
import { build } from '../tools/local/source-build.mjs';
import { ensureBenchPackages } from './harness/packages.mjs';
import { Workplace } from './harness/workplace.mjs';
import { readOptions, USAGE } from './options.mjs';
import { measureRequests } from './parts/requests.mjs';
import { requestTable } from './report/tables.mjs';

const output = createOutput();

await runMain(bench);

/** @param {AbortSignal} signal */
async function bench(signal) {
  checkNodeVersion();
  const options = readOptions(process.argv.slice(2));
  if (options.help) {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  await prepare({ output, signal }, [ensureDependencies, build, ensureBenchPackages]);
  const workplace = new Workplace({ output, signal });
  try {
    const requests = await measureRequests(workplace, options.rows, options, output);
    process.stdout.write(`\n${requestTable(requests)}\n`);
    if (options.json !== undefined) {
      writeFileSync(options.json, `${JSON.stringify({ requests }, null, 2)}\n`);
    }
  } finally {
    await workplace.close();
  }
  return 0;
}
