// @ts-check
import { join } from 'node:path';
import { Failure } from './failure.mjs';
import { ROOT } from './paths.mjs';
import { run } from './run.mjs';
import { Server } from './server.mjs';

const CHECK_DEADLINE_MS = 30_000;
const MIGRATE_DEADLINE_MS = 120_000;
const READY_DEADLINE_MS = 60_000;
const PROBE_DEADLINE_MS = 2_000;
const STOP_GRACE_MS = 5_000;
const CLI = join('dist', 'apps', 'cli', 'main.js');
const API = join('dist', 'apps', 'api', 'main.js');

/**
 * Default environment of the API, as in the container image. With one malloc arena per hashing thread, glibc keeps 19
 * MiB for each thread.
 * @type {NodeJS.ProcessEnv}
 */
export const ALLOCATOR = { MALLOC_ARENA_MAX: '1' };

/**
 * Lets the API check its settings, so that an invalid setting stops the start before any store is started.
 * @param {NodeJS.ProcessEnv} env with addresses for both stores, which are not called
 * @param {AbortSignal} signal
 */
export async function checkSettings(env, signal) {
  const { ok, output } = await run(process.execPath, [API, '--check-settings'], {
    signal,
    cwd: ROOT,
    // A person reads the output.
    env: { ...env, LOG_FORMAT: 'pretty' },
    deadlineMs: CHECK_DEADLINE_MS,
  });
  if (!ok) {
    throw new Failure(output.trim());
  }
}

/**
 * @param {NodeJS.ProcessEnv} env
 * @param {AbortSignal} signal
 */
export async function migrate(env, signal) {
  const { ok, output } = await run(process.execPath, [CLI, 'migrate'], {
    signal,
    cwd: ROOT,
    env,
    deadlineMs: MIGRATE_DEADLINE_MS,
  });
  if (!ok) {
    const isOneSentence = /^[^\n]+$/.test(output.trim());
    throw isOneSentence
      ? new Failure(output.trim())
      : new Failure('The database could not be migrated.', output);
  }
}

/**
 * Starts the API and waits until it answers.
 * @param {NodeJS.ProcessEnv} env
 * @param {object} options
 * @param {string} options.url at which it will answer
 * @param {AbortSignal} options.signal
 * @param {(server: Server) => void} options.onStarted called before it answers
 */
export async function startApi(env, { url, signal, onStarted }) {
  const server = await Server.spawn(process.execPath, [API], {
    name: 'The API',
    stopSignal: 'SIGTERM',
    killSignal: 'SIGKILL',
    graceMs: STOP_GRACE_MS,
    withChannel: true,
    cwd: ROOT,
    env: { ...ALLOCATOR, ...env },
  });
  onStarted(server);
  const isReady = () => answers(`${url}/health/live`);
  await server.waitUntil(isReady, { deadlineMs: READY_DEADLINE_MS, signal });
}

/** @param {string} url */
async function answers(url) {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(PROBE_DEADLINE_MS) });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}
