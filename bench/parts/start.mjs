// @ts-check
import { cpSync, existsSync, symlinkSync } from 'node:fs';
import { basename, join, relative, sep } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from '../../tools/local/failure.mjs';
import { ROOT } from '../../tools/local/paths.mjs';
import { freePort } from '../../tools/local/ports.mjs';
import { Server } from '../../tools/local/server.mjs';

const NOT_COPIED = ['.git', '.data', 'coverage', 'bench', '.env'];
const START_DEADLINE_MS = 120_000;
const STOP_GRACE_MS = 15_000;
const POLL_MS = 10;

/**
 * Runs `npm start` in a copy of this checkout with its packages, its build and, from a first start that does not count,
 * its data.
 * @param {import('../harness/workplace.mjs').Workplace} workplace
 * @param {import('../options.mjs').Options} options
 * @param {import('../../tools/local/output.mjs').Output} output
 * @returns {Promise<number[]>} seconds from the command to the first 200, of each start
 */
export async function measureStarts(workplace, { processes }, output) {
  const checkout = join(workplace.dir, 'checkout');
  cpSync(ROOT, checkout, {
    recursive: true,
    filter: (source) =>
      basename(source) !== 'node_modules' &&
      !NOT_COPIED.includes(relative(ROOT, source).split(sep)[0] ?? ''),
  });
  symlinkSync(join(ROOT, 'node_modules'), join(checkout, 'node_modules'));
  await output.step('preparing a checkout (npm start)', () => timeStart(workplace, checkout));
  const seconds = [];
  for (let round = 1; round <= processes; round += 1) {
    workplace.signal.throwIfAborted();
    const title = `npm start, ${round} of ${processes}`;
    seconds.push(await output.step(title, () => timeStart(workplace, checkout)));
  }
  return seconds;
}

/**
 * @param {import('../harness/workplace.mjs').Workplace} workplace
 * @param {string} checkout
 * @returns {Promise<number>} seconds from the command to the first 200
 */
async function timeStart(workplace, checkout) {
  const port = await freePort();
  const { PATH, HOME, LANG } = process.env;
  const begun = performance.now();
  const server = await Server.spawn('npm', ['start'], {
    name: 'npm start',
    stopSignal: 'SIGTERM',
    // It stops its own children at a stop request.
    killSignal: 'SIGTERM',
    graceMs: STOP_GRACE_MS,
    logFile: join(workplace.dir, 'npm-start.log'),
    cwd: checkout,
    env: { PATH, HOME, LANG, PORT: String(port) },
  });
  try {
    // This route answers 200 only if Redis answers, too.
    return await firstAnswer(`http://127.0.0.1:${port}/api/auth/health`, server, begun);
  } finally {
    await server.stop();
    await waitUntilStopped(checkout);
  }
}

/**
 * @param {string} url
 * @param {Server} server
 * @param {number} begun
 */
async function firstAnswer(url, server, begun) {
  while (performance.now() - begun < START_DEADLINE_MS && server.running) {
    const answer = await fetch(url).catch(() => undefined);
    if (answer?.ok) {
      return (performance.now() - begun) / 1000;
    }
    await sleep(POLL_MS);
  }
  throw new Failure('npm start: nothing answered.', server.logTail);
}

/** npm may end before the process that it ran has stopped its stores. @param {string} checkout */
async function waitUntilStopped(checkout) {
  const deadline = Date.now() + STOP_GRACE_MS;
  while (existsSync(join(checkout, '.data', 'start.lock')) && Date.now() < deadline) {
    await sleep(POLL_MS);
  }
}
