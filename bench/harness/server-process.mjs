// @ts-check
import { join, relative } from 'node:path';
import { ALLOCATOR, migrate } from '../../tools/local/api.mjs';
import { ROOT } from '../../tools/local/paths.mjs';
import { freePort } from '../../tools/local/ports.mjs';
import { Server } from '../../tools/local/server.mjs';
import { BENCH } from './packages.mjs';

const READY_DEADLINE_MS = 60_000;
const STOP_GRACE_MS = 1_000;
/** Random for each run, as production requires. */
export const JWT_SECRET = 'kq8Xw1Zr5Tn3Yb7Vc2Mf9Lp4Hs6Jd0Ga';

/**
 * A measured server, alone in its process.
 * @typedef {object} MeasuredServer
 * @property {string} url without a path
 * @property {Server} server
 */

/**
 * Starts a server of `bench/servers` in production mode.
 * @param {import('./workplace.mjs').Workplace} workplace
 * @param {string} file
 * @param {NodeJS.ProcessEnv} settings
 * @returns {Promise<MeasuredServer>} once it answers
 */
export async function startPeer(workplace, file, settings) {
  return startNode(workplace, join(BENCH, 'servers', file), settings, (url) =>
    answers(`${url}/api/auth/profile`),
  );
}

/**
 * Starts Latchkey with the defaults of its image.
 * @param {import('./workplace.mjs').Workplace} workplace
 * @param {NodeJS.ProcessEnv} settings with DATABASE_URL and REDIS_URL
 * @returns {Promise<MeasuredServer>} once it is ready
 */
export async function startLatchkey(workplace, settings) {
  await migrate({ ...baseEnvironment(), ...settings }, workplace.signal);
  const main = join(ROOT, 'dist', 'apps', 'api', 'main.js');
  return startNode(workplace, main, settings, async (url) => {
    const answer = await fetch(`${url}/health/ready`).catch(() => undefined);
    return answer?.ok === true;
  });
}

/**
 * @param {import('./workplace.mjs').Workplace} workplace
 * @param {string} file
 * @param {NodeJS.ProcessEnv} settings
 * @param {(url: string) => Promise<boolean>} isReady
 * @returns {Promise<MeasuredServer>}
 */
async function startNode(workplace, file, settings, isReady) {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const server = await Server.spawn(process.execPath, [file], {
    name: relative(ROOT, file),
    stopSignal: 'SIGTERM',
    killSignal: 'SIGKILL',
    graceMs: STOP_GRACE_MS,
    logFile: join(workplace.dir, `server-${port}.log`),
    cwd: workplace.dir,
    env: {
      ...baseEnvironment(),
      ...ALLOCATOR,
      HOST: '127.0.0.1',
      PORT: String(port),
      JWT_SECRET,
      ...settings,
    },
  });
  workplace.keep(server);
  await server.waitUntil(() => isReady(url), {
    deadlineMs: READY_DEADLINE_MS,
    signal: workplace.signal,
  });
  return { url, server };
}

/** The environment without the user's settings. */
export function baseEnvironment() {
  const { PATH, HOME, LANG } = process.env;
  return { PATH, HOME, LANG, NODE_ENV: 'production' };
}

/** @param {string} url @returns {Promise<boolean>} whether it says anything at all */
async function answers(url) {
  try {
    await (await fetch(url)).arrayBuffer();
    return true;
  } catch {
    return false;
  }
}
