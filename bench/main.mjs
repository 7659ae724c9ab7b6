// @ts-check
import { writeFileSync } from 'node:fs';
import { ensureDependencies } from '../tools/local/dependencies.mjs';
import { runMain } from '../tools/local/main.mjs';
import { checkNodeVersion } from '../tools/local/node-version.mjs';
import { createOutput } from '../tools/local/output.mjs';
import { prepare } from '../tools/local/preparation.mjs';
import { build } from '../tools/local/source-build.mjs';
import { describeCircumstances } from './harness/machine.mjs';
import { ensureBenchPackages } from './harness/packages.mjs';
import { Workplace } from './harness/workplace.mjs';
import { readOptions, USAGE } from './options.mjs';
import { measureLogins } from './parts/logins.mjs';
import { measureMemory } from './parts/memory.mjs';
import { measureRequests } from './parts/requests.mjs';
import { measureStarts } from './parts/start.mjs';
import { describeResults, writeDocument } from './report/performance-document.mjs';
import { LOGIN_ROWS } from './rows.mjs';

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
  const results = await measure(options, signal);
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

/**
 * Each part has a workplace of its own: what another one has started would take processor time from it.
 * @param {import('./options.mjs').Options} options
 * @param {AbortSignal} signal
 * @returns {Promise<import('./report/performance-document.mjs').Results>}
 */
async function measure(options, signal) {
  const { rounds, seconds, connections, parts, rows } = options;
  /**
   * @template T
   * @param {import('./options.mjs').Part} part
   * @param {(workplace: Workplace) => Promise<T>} work
   */
  const run = async (part, work) => {
    if (!parts.includes(part)) {
      return undefined;
    }
    const workplace = new Workplace({ output, signal });
    try {
      return await work(workplace);
    } finally {
      await workplace.close();
    }
  };
  return {
    circumstances: await describeCircumstances({ output, signal }),
    length: { rounds, seconds, connections },
    requests: await run('requests', (place) => measureRequests(place, rows, options, output)),
    logins: await run('logins', (place) => measureLogins(place, LOGIN_ROWS, options, output)),
    starts: await run('start', (place) => measureStarts(place, options, output)),
    memory: await run('memory', (place) => measureMemory(place, options, output)),
  };
}
