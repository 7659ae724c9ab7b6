// @ts-check
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureDependencies, npm } from './local/dependencies.mjs';
import { runJest } from './local/jest-run.mjs';
import { runMain } from './local/main.mjs';
import { checkNodeVersion } from './local/node-version.mjs';
import { createOutput } from './local/output.mjs';
import { ROOT } from './local/paths.mjs';
import { prepare } from './local/preparation.mjs';
import { stopProcess } from './local/processes.mjs';
import { findRedis } from './local/redis-program.mjs';
import { smokeTest } from './local/smoke-test.mjs';
import { build } from './local/source-build.mjs';
import { readTestOptions } from './local/test-options.mjs';
import { addCounts, formatCounts } from './local/test-results.mjs';

/** Scripts of package.json that look at the sources without running them. */
const CHECKS = ['format:check', 'lint', 'typecheck'];
const JEST_CACHE = join('node_modules', '.cache', 'jest');
/**
 * The faults come by themselves, one file at a time: beside other work the machine is so busy that it
 * breaks what they are about to break.
 */
const PHASES = [
  ['--testPathIgnorePatterns', '/node_modules/', '<rootDir>/test/faults/'],
  ['--runInBand', 'test/faults/'],
];
const LEFTOVER_GRACE_MS = 5_000;

const output = createOutput();

await runMain(test);

/** @param {AbortSignal} signal */
async function test(signal) {
  checkNodeVersion();
  const { onThisNode, lines, jestArgs } = readTestOptions(process.argv.slice(2));
  const runsEverything = onThisNode && jestArgs.length === 0;
  await prepare({ output, signal }, [ensureDependencies]);
  const redis = await findRedis({ output, signal });
  if (onThisNode) {
    await prepare({ output, signal }, [build]);
  }
  const failedChecks = runsEverything ? await runChecks(signal) : [];

  const workDir = mkdtempSync(join(tmpdir(), 'latchkey-test-'));
  try {
    const processList = join(workDir, 'processes');
    writeFileSync(processList, '');
    const env = {
      ...process.env,
      NODE_ENV: 'test',
      LATCHKEY_TEST_REDIS: JSON.stringify(redis),
      LATCHKEY_PROCESS_LIST: processList,
      // What an interrupted test leaves in the temporary folder goes with this one.
      TMPDIR: workDir,
    };
    const context = { output, workDir, env, signal };
    const here = { ...context, node: process.execPath, root: ROOT, cacheDir: JEST_CACHE };
    const elsewhere = { ...context, cacheDir: join(workDir, 'jest-cache') };
    const phases = !onThisNode ? [] : runsEverything ? PHASES : [jestArgs];
    const outcomes = [];
    if (onThisNode) {
      output.say('running the tests (jest) ...');
    }
    for (const runTests of [
      ...phases.map((phase) => () => runJest(phase, here)),
      ...lines.map((line) => () => smokeTest(line, jestArgs, elsewhere)),
    ]) {
      outcomes.push(await runTests());
      if (signal.aborted) {
        break;
      }
    }
    await stopLeftovers(processList);
    if (failedChecks.length > 0) {
      output.say(`failed besides the tests: ${failedChecks.join(', ')}`);
    }
    process.stdout.write(`${formatCounts(addCounts(outcomes.map(({ counts }) => counts)))}\n`);
    return outcomes.every(({ ok }) => ok) && failedChecks.length === 0 ? 0 : 1;
  } finally {
    rmSync(workDir, { recursive: true, force: true });
  }
}

/**
 * @param {AbortSignal} signal
 * @returns {Promise<string[]>} the checks that failed; what they found has been printed
 */
async function runChecks(signal) {
  const failed = [];
  for (const check of CHECKS) {
    const result = await output.step(`checking (npm run ${check})`, () =>
      npm(['run', '--silent', check], { signal }),
    );
    if (!result.ok) {
      failed.push(check);
      process.stderr.write(result.output);
    }
  }
  return failed;
}

/**
 * Tests stop what they start, unless they were interrupted.
 * @param {string} processList
 */
async function stopLeftovers(processList) {
  const lines = readFileSync(processList, 'utf8').split('\n').filter(Boolean);
  /** @type {import('./local/processes.mjs').ProcessRecord[]} */
  const records = lines.map((line) => JSON.parse(line));
  for (const record of records.reverse()) {
    await stopProcess(record, record.stopSignal, LEFTOVER_GRACE_MS);
  }
}
