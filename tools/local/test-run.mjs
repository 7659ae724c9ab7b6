// @ts-check
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { npm } from './dependencies.mjs';
import { runJest } from './jest-run.mjs';
import { ROOT } from './paths.mjs';
import { prepare } from './preparation.mjs';
import { closeProcessList, openProcessList, stopListed } from './processes.mjs';
import { findRedis } from './redis-program.mjs';
import { smokeTest } from './smoke-test.mjs';
import { build } from './source-build.mjs';
import { readTestOptions } from './test-options.mjs';
import { addCounts, formatCounts } from './test-results.mjs';

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

/** @typedef {{ output: import('./output.mjs').Output, signal: AbortSignal }} Context */

/**
 * The second stage of `npm test`.
 * @param {string[]} args
 * @param {Context} context
 * @returns {Promise<number>} the exit code
 */
export async function test(args, { output, signal }) {
  const { onThisNode, lines, jestArgs } = readTestOptions(args);
  const runsEverything = onThisNode && jestArgs.length === 0;
  const redis = await findRedis({ output, signal });
  if (onThisNode) {
    await prepare({ output, signal }, [build]);
  }
  const failedChecks = runsEverything ? await runChecks({ output, signal }) : [];

  const workDir = mkdtempSync(join(tmpdir(), 'latchkey-test-'));
  const processList = join(workDir, 'processes');
  openProcessList(processList);
  try {
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
    // Tests stop what they start, unless they were interrupted.
    await stopListed(processList, LEFTOVER_GRACE_MS);
    if (failedChecks.length > 0) {
      output.say(`failed besides the tests: ${failedChecks.join(', ')}`);
    }
    process.stdout.write(`${formatCounts(addCounts(outcomes.map(({ counts }) => counts)))}\n`);
    return outcomes.every(({ ok }) => ok) && failedChecks.length === 0 ? 0 : 1;
  } finally {
    closeProcessList(processList);
    rmSync(workDir, { recursive: true, force: true });
  }
}

/**
 * @param {Context} context
 * @returns {Promise<string[]>} the checks that failed; what they found has been printed
 */
async function runChecks({ output, signal }) {
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
