// @ts-check
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureDependencies, npm } from './local/dependencies.mjs';
import { runMain } from './local/main.mjs';
import { checkNodeVersion } from './local/node-version.mjs';
import { createOutput } from './local/output.mjs';
import { ROOT } from './local/paths.mjs';
import { prepare } from './local/preparation.mjs';
import { stopProcess } from './local/processes.mjs';
import { findRedis } from './local/redis-program.mjs';
import { build } from './local/source-build.mjs';
import { addCounts, formatCounts, readCounts } from './local/test-results.mjs';

/** Scripts of package.json that look at the sources without running them. */
const CHECKS = ['format:check', 'lint', 'typecheck'];
const JEST = join('node_modules', 'jest', 'bin', 'jest.js');
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
  const jestArgs = process.argv.slice(2);
  await prepare({ output, signal }, [ensureDependencies]);
  const redis = await findRedis({ output, signal });
  await prepare({ output, signal }, [build]);
  const failedChecks = jestArgs.length > 0 ? [] : await runChecks(signal);

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
    output.say('running the tests (jest) ...');
    const counts = [];
    let passed = true;
    for (const phase of jestArgs.length > 0 ? [jestArgs] : PHASES) {
      const results = join(workDir, `results-${counts.length}.json`);
      const report = ['--json', `--outputFile=${results}`, `--cacheDirectory=${JEST_CACHE}`];
      passed = (await runJest([...phase, ...report], env, signal)) && passed;
      counts.push(readCounts(results));
      if (signal.aborted) {
        break;
      }
    }
    await stopLeftovers(processList);
    if (failedChecks.length > 0) {
      output.say(`failed besides the tests: ${failedChecks.join(', ')}`);
    }
    process.stdout.write(`${formatCounts(addCounts(counts))}\n`);
    return passed && failedChecks.length === 0 ? 0 : 1;
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
 * Jest shares the terminal and gets its Ctrl-C directly; other requests to stop are passed on.
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} env
 * @param {AbortSignal} signal
 * @returns {Promise<boolean>} whether everything passed
 */
function runJest(args, env, signal) {
  return new Promise((resolve, reject) => {
    const jest = spawn(process.execPath, [JEST, ...args], { cwd: ROOT, env, stdio: 'inherit' });
    signal.addEventListener('abort', () => jest.kill('SIGTERM'));
    jest.once('error', reject);
    jest.once('exit', (code) => resolve(code === 0));
  });
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
