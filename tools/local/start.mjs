// @ts-check
import { once } from 'node:events';
import { join } from 'node:path';
import { checkSettings, migrate, startApi } from './api.mjs';
import { Failure } from './failure.mjs';
import { DATA_DIR } from './paths.mjs';
import { startPostgres } from './postgres.mjs';
import { prepare } from './preparation.mjs';
import { startRedis } from './redis.mjs';
import { findRedis } from './redis-program.mjs';
import { announceSettings, withdrawSettings } from './running-settings.mjs';
import { keepSecret } from './secret-file.mjs';
import { build } from './source-build.mjs';
import {
  apiEnvironment,
  baseUrl,
  probeUrl,
  readStartSettings,
  refuseTakenPort,
} from './start-settings.mjs';

/** Together less than the 10 s in which all processes must have stopped. */
const API_STOP_MS = 4_500;
const STORE_STOP_MS = 1_200;

/** Placeholders for stores that are not started yet. */
const NOT_STARTED = { databaseUrl: 'postgres://localhost/latchkey', redisUrl: 'redis://localhost' };

/** @typedef {{ output: import('./output.mjs').Output, signal: AbortSignal }} Context */

/** @typedef {{ server: import('./server.mjs').Server,
 *   stop: () => Promise<void> }} Running */

/** @type {Running[]} the last started first: the order in which they are stopped */
const running = [];

/**
 * The second stage of `npm start`: serves until a stop request.
 * @param {Context & { lock: import('./lock.mjs').Lock }} context
 */
export async function serve({ lock, ...context }) {
  const { output, signal } = context;
  const settings = await readStartSettings();
  await refuseTakenPort(settings);
  const url = baseUrl(settings);
  lock.setUrl(url);
  try {
    await prepare(context, [build]);
    await startAll(settings, context);
    showAddresses(url);
    await untilAsked(signal);
  } finally {
    withdrawSettings();
    await stopAll(output);
  }
}

/**
 * @param {import('./start-settings.mjs').StartSettings} settings
 * @param {Context} context
 */
async function startAll(settings, context) {
  const { output, signal } = context;
  const stores = {
    databaseUrl: settings.databaseUrl ?? NOT_STARTED.databaseUrl,
    redisUrl: settings.redisUrl ?? NOT_STARTED.redisUrl,
  };
  await checkSettings(apiEnvironment(settings, stores), signal);
  const databaseUrl = settings.databaseUrl ?? (await startOwnPostgres(context));
  const redisUrl = settings.redisUrl ?? (await startOwnRedis(context));
  const env = apiEnvironment(settings, { databaseUrl, redisUrl });
  announceSettings(env);
  await output.step('migrating the database', () => migrate(env, signal));
  output.say('starting the API ...');
  await startApi(env, {
    signal,
    url: probeUrl(settings),
    onStarted: (server) => running.unshift({ server, stop: () => server.stop(API_STOP_MS) }),
  });
}

/** @param {Context} context */
async function startOwnPostgres({ output, signal }) {
  const password = keepSecret(join(DATA_DIR, 'postgres-password'));
  const { url, server, stop } = await output.step('starting Postgres', () =>
    startPostgres({
      signal,
      dataDir: join(DATA_DIR, 'postgres'),
      logFile: join(DATA_DIR, 'postgres.log'),
      password: password.value,
      passwordIsNew: password.isNew,
      say: output.say,
    }),
  );
  running.unshift({ server, stop: () => stop(STORE_STOP_MS) });
  return url;
}

/** @param {Context} context */
async function startOwnRedis({ output, signal }) {
  const found = await findRedis({ output, signal });
  const title = found.kind === 'docker' ? `${found.image} in Docker` : found.version;
  const { url, server, stop } = await output.step(`starting Redis (${title})`, () =>
    startRedis({
      signal,
      found,
      dir: join(DATA_DIR, 'redis'),
      password: keepSecret(join(DATA_DIR, 'redis-password')).value,
      logFile: join(DATA_DIR, 'redis.log'),
    }),
  );
  running.unshift({ server, stop: () => stop(STORE_STOP_MS) });
  return url;
}

/** @param {string} url */
function showAddresses(url) {
  process.stdout.write(
    [
      '',
      'Latchkey is ready.',
      `  Overview    ${url}/`,
      `  API         ${url}/api`,
      `  Swagger UI  ${url}/docs`,
      `  Health      ${url}/api/auth/health`,
      '  First admin npx latchkey users grant-role EMAIL admin',
      '  Stop with Ctrl-C; data stays in .data/',
      '',
      '',
    ].join('\n'),
  );
}

/**
 * Resolves at a stop request.
 * @param {AbortSignal} signal
 * @throws {Failure} when one of the servers ends by itself
 */
async function untilAsked(signal) {
  const asked = signal.aborted ? undefined : once(signal, 'abort');
  const anyEnded = running.map(async ({ server }) => {
    const reason = await server.ended;
    if (!signal.aborted) {
      throw new Failure(`Latchkey stopped: ${server.name} ended (${reason}).`, server.logTail);
    }
  });
  await Promise.race([asked, ...anyEnded]);
}

/** @param {Context['output']} output */
async function stopAll(output) {
  if (running.length > 0) {
    await output.step('stopping', async () => {
      for (const { stop } of running) {
        await stop();
      }
      running.length = 0;
    });
  }
}
