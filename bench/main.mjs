// @ts-check
import { writeFileSync } from 'node:fs';
import { ensureDependencies } from '../tools/local/dependencies.mjs';
import { runMain } from '../tools/local/main.mjs';
import { createOutput } from '../tools/local/output.mjs';
import { prepare } from '../tools/local/preparation.mjs';
import { ensureBenchPackages } from './harness/packages.mjs';
import { readOptions, USAGE } from './options.mjs';
import { describeResults, writeDocument } from './report/performance-document.mjs';

const output = createOutput();

await runMain(bench);

/** @param {AbortSignal} signal */
async function bench(signal) {
  const options = readOptions(process.argv.slice(2));
  if (options.help) {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  await prepare({ output, signal }, [ensureDependencies, ensureBenchPackages]);
  // The second stage: before it, packages may be missing.
  const { build } = await import('../tools/local/source-build.mjs');
  await prepare({ output, signal }, [build]);
  const { measure } = await import('./measure.mjs');
  const results = await measure(options, { output, signal });
  process.stdout.write(`\n${describeResults(results)}\n`);
  if (options.json !== undefined) {
    writeFileSync(options.json, `${JSON.stringify(results, null, 2)}\n`);
  }
  if (options.writesDocument) {
    writeDocument(results);
    output.say('docs/performance.md is up to date');
  }
  return 0;
}
