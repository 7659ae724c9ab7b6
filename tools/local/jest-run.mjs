// @ts-check
import { spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { setPriority } from 'node:os';
import { join } from 'node:path';
import { readCounts } from './test-results.mjs';

const JEST = join('node_modules', 'jest', 'bin', 'jest.js');
/** A test that failed may leave something open, which must not keep the run from ending. */
const END = ['--forceExit'];

/**
 * @typedef {object} JestRun
 * @property {string} node path of the Node that runs Jest
 * @property {string} root folder of the checkout whose tests are run
 * @property {string} cacheDir folder of transformed files of Jest
 * @property {string} workDir throw-away folder; temporary files of the tests go there too
 * @property {NodeJS.ProcessEnv} env
 * @property {AbortSignal} signal
 * @property {number} [priority] niceness of the operating system; that of this process by default
 */

/**
 * Whether Jest succeeded, and its counts.
 * @typedef {{ ok: boolean, counts: ReturnType<typeof readCounts> }} TestOutcome
 */

/**
 * Jest shares the terminal and receives its Ctrl-C directly; other stop requests are passed on.
 * @param {string[]} args
 * @param {JestRun} run
 * @returns {Promise<TestOutcome>}
 */
export async function runJest(args, { node, root, cacheDir, workDir, env, signal, priority }) {
  const results = join(mkdtempSync(join(workDir, 'results-')), 'jest.json');
  const report = ['--json', `--outputFile=${results}`, `--cacheDirectory=${cacheDir}`];
  const ok = await new Promise((resolve, reject) => {
    const jest = spawn(node, [JEST, ...args, ...report, ...END], {
      cwd: root,
      env,
      stdio: 'inherit',
    });
    if (jest.pid !== undefined && priority !== undefined) {
      setPriority(jest.pid, priority);
    }
    signal.addEventListener('abort', () => jest.kill('SIGTERM'));
    jest.once('error', reject);
    jest.once('exit', (code) => resolve(code === 0));
  });
  return { ok, counts: readCounts(results) };
}
