// @ts-check
import { randomInt } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleDependencies } from '../../test/support/quick-start/bundle.mjs';
import { npm } from './dependencies.mjs';
import { runJest } from './jest-run.mjs';
import { buildPackages } from './package-build.mjs';
import { ROOT } from './paths.mjs';
import { prepare } from './preparation.mjs';
import { closeProcessList, openProcessList, stopListed } from './processes.mjs';
import { findRedis, redisAt } from './redis-program.mjs';
import { smokeTest } from './smoke-test.mjs';
import { build } from './source-build.mjs';
import { readTestOptions } from './test-options.mjs';
import { addCounts, formatCounts } from './test-results.mjs';

/** Scripts of package.json that check the sources without running them. */
const CHECKS = ['format:check', 'lint', 'typecheck'];
const JEST_CACHE = join('node_modules', '.cache', 'jest');
const { PRIORITY_LOW, PRIORITY_NORMAL } = constants.priority;
/** The API puts threads 10 steps lower still, and 19 is the lowest. */
const PRIORITY_OF_SUITES = 5;
const SUITES = '--testMatch=<rootDir>/test/suites/*.suite.ts';
/** These suites take as long, one after another, as the others in two processes. */
const ONE_BY_ONE = '(faults|programs|start|asvs-2).suite';
/**
 * The parts of the whole suite, which run at the same time. A suite loads the specs of one folder in one process. The
 * faults have a higher priority: on a busy machine their time limits would fail.
 */
const EVERYTHING = [
  { args: [SUITES, `--testPathPatterns=${ONE_BY_ONE}`, '--runInBand'], priority: PRIORITY_NORMAL },
  {
    args: [SUITES, `--testPathIgnorePatterns=${ONE_BY_ONE}`, '--maxWorkers=2'],
    priority: PRIORITY_OF_SUITES,
  },
];
/** Numbers of which one chooses the cases that a run tries (test/support/long-tests.ts). */
const SEEDS = 1_000_000;
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
  // A landing has time: it tries every spec file, one part after another, so that no test meets a busy machine.
  const isLanding = runsEverything && lines.length > 0;
  const { LATCHKEY_TEST_REDIS_SERVER: server } = process.env;
  const redis = server ? await redisAt(server, signal) : await findRedis({ output, signal });
  if (onThisNode) {
    await prepare({ output, signal }, [build, buildPackages]);
    process.env['LATCHKEY_TEST_LOADER'] = await bundleDependencies();
  }
  const seed = process.env.LATCHKEY_TEST_SEED ?? String(randomInt(SEEDS));
  const workDir = mkdtempSync(join(tmpdir(), 'latchkey-test-'));
  const processList = join(workDir, 'processes');
  openProcessList(processList);
  try {
    const env = {
      ...process.env,
      NODE_ENV: 'test',
      LATCHKEY_TEST_REDIS: JSON.stringify(redis),
      LATCHKEY_PROCESS_LIST: processList,
      LATCHKEY_TEST_SEED: seed,
      ...(isLanding && { LATCHKEY_TEST_EVERY_FILE: '1' }),
      // Removes the files of interrupted tests together with this folder.
      TMPDIR: workDir,
    };
    const context = { output, workDir, env, signal };
    const here = { ...context, node: process.execPath, root: ROOT, cacheDir: JEST_CACHE };
    const elsewhere = { ...context, cacheDir: join(workDir, 'jest-cache') };
    const outcomes = [];
    const checks = runsEverything ? runChecks({ output, signal }) : Promise.resolve([]);
    if (isLanding) {
      await checks;
    }
    if (onThisNode) {
      output.say('running the tests (jest) ...');
      if (process.env.LATCHKEY_LONG_TESTS !== '1') {
        output.say(`LATCHKEY_TEST_SEED=${seed} chooses the same cases again`);
      }
      const runs = runsEverything ? EVERYTHING : [{ args: jestArgs, priority: PRIORITY_NORMAL }];
      const running = [];
      for (const { args, priority } of runs) {
        running.push(runJest(args, { ...here, priority }));
        if (isLanding) {
          await running.at(-1);
        }
      }
      outcomes.push(...(await Promise.all(running)));
    }
    const failedChecks = await checks;
    for (const line of lines) {
      if (!signal.aborted) {
        outcomes.push(await smokeTest(line, jestArgs, elsewhere));
      }
    }
    // Tests stop their processes, unless they were interrupted.
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
 * @returns {Promise<string[]>} the failed checks; their output has been printed
 */
async function runChecks({ output, signal }) {
  const failed = [];
  for (const check of CHECKS) {
    const begun = Date.now();
    const result = await npm(['run', '--silent', check], { signal, priority: PRIORITY_LOW });
    const seconds = Math.round((Date.now() - begun) / 1000);
    output.say(`npm run ${check}: ${result.ok ? 'passed' : 'failed'} in ${seconds} s`);
    if (!result.ok) {
      failed.push(check);
      process.stderr.write(result.output);
    }
  }
  return failed;
}
