// @ts-check
import { mkdtempSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { copyCheckout } from './checkout-copy.mjs';
import { describe, Failure } from './failure.mjs';
import { runJest } from './jest-run.mjs';
import { findNode } from './node-program.mjs';
import { freePort } from './ports.mjs';
import { run } from './run.mjs';
import { Server } from './server.mjs';
import { formatCounts } from './test-results.mjs';

/** Tests that depend on the version of Node: HTTP, native packages, streams, processes. */
export const SMOKE_TESTS = [
  'test/e2e/main-job.spec.ts',
  'test/e2e/refresh.spec.ts',
  'test/e2e/avatars.spec.ts',
  'test/e2e/statistics.spec.ts',
  'test/packages/client/refresh.spec.ts',
  'test/cli/cli.spec.ts',
  'libs/auth/passwords/hashes/parse-hash.spec.ts',
  'libs/auth/passwords/password-hasher.spec.ts',
];
const READY_LINE = 'Latchkey is ready.';
const START_DEADLINE_MS = 180_000;
const TOUR_DEADLINE_MS = 60_000;
const STOP_GRACE_MS = 15_000;

/**
 * @typedef {import('./jest-run.mjs').TestOutcome} TestOutcome
 * @typedef {Omit<import('./jest-run.mjs').JestRun, 'node' | 'root'>
 *   & { output: import('./output.mjs').Output }} SmokeContext
 */

/**
 * Builds a copy of the checkout with the Node of another release line, starts it by `npm start`, runs the tour, and
 * runs tests on that Node. The build of the checkout stays unchanged.
 * @param {import('./test-options.mjs').NodeLine} line
 * @param {string[]} jestArgs the tests to run; empty: `SMOKE_TESTS`
 * @param {SmokeContext} context
 * @returns {Promise<TestOutcome>} a start or a tour that fails counts as a failed test
 */
export async function smokeTest(line, jestArgs, context) {
  const { output, signal, workDir } = context;
  const begun = Date.now();
  try {
    const { path: node, version } = await findNode(line, context);
    const root = mkdtempSync(join(workDir, `node-${line}-`));
    copyCheckout(root, { withBuild: false });
    await startAndTour(node, root, `Node ${version}`, context);
    const args = jestArgs.length > 0 ? jestArgs : ['--runTestsByPath', ...SMOKE_TESTS];
    output.say(`Node ${version}: running tests (jest) ...`);
    const env = { ...context.env, PATH: pathWith(node) };
    const tests = await runJest(args, { ...context, env, node, root });
    const counts = { ...tests.counts, passed: tests.counts.passed + 1 };
    const seconds = Math.round((Date.now() - begun) / 1000);
    output.say(`Node ${version}: ${formatCounts(counts)} in ${seconds} s`);
    return { ok: tests.ok, counts };
  } catch (error) {
    if (!signal.aborted) {
      process.stderr.write(`${describe(error)}\n`);
      output.say(`Node ${line}: failed`);
    }
    return { ok: false, counts: { passed: 0, failed: 1, skipped: 0 } };
  }
}

/**
 * @param {string} node path of its binary
 * @param {string} root folder of the copy
 * @param {string} name of that Node
 * @param {SmokeContext} context
 * @throws {Failure}
 */
async function startAndTour(node, root, name, { output, signal }) {
  const port = await freePort();
  const server = await Server.spawn(node, [join('tools', 'start.mjs')], {
    name: `npm start on ${name}`,
    stopSignal: 'SIGTERM',
    killSignal: 'SIGKILL',
    graceMs: STOP_GRACE_MS,
    logFile: join(root, 'start.log'),
    cwd: root,
    env: startEnvironment(node, port),
  });
  try {
    await output.step(`${name}: building and starting (npm start)`, () =>
      server.waitUntil(async () => server.log.includes(READY_LINE), {
        deadlineMs: START_DEADLINE_MS,
        signal,
      }),
    );
    await output.step(`${name}: taking the tour`, async () => {
      const tour = [join('examples', 'tour.sh'), `http://localhost:${port}`];
      const { ok, output } = await run('bash', tour, {
        cwd: root,
        deadlineMs: TOUR_DEADLINE_MS,
        signal,
      });
      if (!ok) {
        throw new Failure(`The tour failed on ${name}.`, `${output}\n${server.logTail}`);
      }
    });
  } finally {
    await server.stop();
  }
  const end = await server.ended;
  if (end !== 'exit code 0') {
    throw new Failure(`npm start on ${name} did not stop cleanly (${end}).`, server.logTail);
  }
}

/**
 * The environment without the user's settings and stores. A deprecation ends the start.
 * @param {string} node
 * @param {number} port
 * @returns {NodeJS.ProcessEnv}
 */
function startEnvironment(node, port) {
  const { HOME, LANG } = process.env;
  return {
    PATH: pathWith(node),
    HOME,
    LANG,
    PORT: String(port),
    NODE_OPTIONS: '--pending-deprecation --throw-deprecation',
    // The start recognises npm by it, and stops with its parent.
    npm_lifecycle_event: 'start',
  };
}

/** @param {string} node path of the binary that `node` is to name */
function pathWith(node) {
  return `${dirname(node)}${delimiter}${process.env['PATH'] ?? ''}`;
}
