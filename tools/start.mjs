// @ts-check
import { join } from 'node:path';
import { checkSettings, migrate, startApi } from './local/api.mjs';
import { ensureDependencies } from './local/dependencies.mjs';
import { Failure } from './local/failure.mjs';
import { LockHeld, takeLock } from './local/lock.mjs';
import { runMain } from './local/main.mjs';
import { checkNodeVersion } from './local/node-version.mjs';
import { createOutput } from './local/output.mjs';
import { DATA_DIR } from './local/paths.mjs';
import { signalProcess } from './local/processes.mjs';
import { startPostgres } from './local/postgres.mjs';
import { prepare } from './local/preparation.mjs';
import { startRedis } from './local/redis.mjs';
import { findRedis } from './local/redis-program.mjs';
import { keepSecret } from './local/secret-file.mjs';
import { announceSettings, withdrawSettings } from './local/running-settings.mjs';
import { build } from './local/source-build.mjs';
import {
  apiEnvironment,
  baseUrl,
  probeUrl,
  readStartSettings,
  refuseTakenPort,
} from './local/start-settings.mjs';

/** Together less than the 10 s in which everything must have stopped. */
const API_STOP_MS = 4_500;
const STORE_STOP_MS = 1_200;

/** Stand for the stores that are not started yet. */
const NOT_STARTED = { databaseUrl: 'postgres://localhost/latchkey', redisUrl: 'redis://localhost' };

const output = createOutput();

/** @typedef {{ server: import('./local/server.mjs').Server,
 *   stop: () => Promise<void> }} Running */

/** @type {Running[]} the last started first: the order in which they are stopped */
const running = [];

/** @type {import('./local/processes.mjs').ProcessRecord[]} */
const spawned = [];

await runMain(start, () => {
  killAll();
  process.exit(1);
});

/** @param {AbortSignal} signal */
async function start(signal) {
  checkNodeVersion();
  const settings = await readStartSettings();
  const lock = await takeStartLock();
  process.once('exit', killAll);
  const context = {
    signal,
    /** @param {import('./local/processes.mjs').ProcessRecord} child */
    onSpawn(child) {
      lock.addChild(child);
      spawned.push(child);
    },
  };
  try {
    await refuseTakenPort(settings);
    lock.setUrl(baseUrl(settings));
    await prepare({ ...context, output }, [ensureDependencies, build]);
    await startAll(settings, context);
    showAddresses(baseUrl(settings));
    await untilAsked(signal);
  } catch (error) {
    if (!signal.aborted) {
      throw error;
    }
  } finally {
    withdrawSettings();
    await stopAll();
    lock.release();
  }
  output.say('stopped');
  return 0;
}

async function takeStartLock() {
  try {
    return await takeLock(join(DATA_DIR, 'start.lock'), () =>
      output.say('cleaning up after a start that was killed'),
    );
  } catch (error) {
    if (!(error instanceof LockHeld)) {
      throw error;
    }
    const { pid, url } = error.holder;
    const place = url === undefined ? 'is being started' : `runs at ${url}`;
    throw new Failure(
      `Latchkey ${place} from this folder already (process ${pid}): ` +
        `use that one, or stop it with Ctrl-C there or with kill ${pid}.`,
    );
  }
}

/**
 * @param {import('./local/start-settings.mjs').StartSettings} settings
 * @param {{ signal: AbortSignal, onSpawn: NonNullable<
 *   import('./local/server.mjs').ServerOptions['onSpawn']> }} context
 */
async function startAll(settings, context) {
  const stores = {
    databaseUrl: settings.databaseUrl ?? NOT_STARTED.databaseUrl,
    redisUrl: settings.redisUrl ?? NOT_STARTED.redisUrl,
  };
  await checkSettings(apiEnvironment(settings, stores), context);
  const databaseUrl = settings.databaseUrl ?? (await startOwnPostgres(context));
  const redisUrl = settings.redisUrl ?? (await startOwnRedis(context));
  const env = apiEnvironment(settings, { databaseUrl, redisUrl });
  announceSettings(env);
  await output.step('migrating the database', () => migrate(env, context));
  output.say('starting the API ...');
  await startApi(env, {
    ...context,
    url: probeUrl(settings),
    onStarted: (server) => running.unshift({ server, stop: () => server.stop(API_STOP_MS) }),
  });
}

/** @param {Parameters<typeof startAll>[1]} context */
async function startOwnPostgres(context) {
  const password = keepSecret(join(DATA_DIR, 'postgres-password'));
  const { url, server, stop } = await output.step('starting Postgres', () =>
    startPostgres({
      ...context,
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

/** @param {Parameters<typeof startAll>[1]} context */
async function startOwnRedis(context) {
  const found = await findRedis({ output, signal: context.signal });
  const title = found.kind === 'docker' ? `${found.image} in Docker` : found.version;
  const { url, server, stop } = await output.step(`starting Redis (${title})`, () =>
    startRedis({
      ...context,
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
 * Ends when somebody asks to stop.
 * @param {AbortSignal} signal
 * @throws {Failure} when one of the servers ends by itself
 */
async function untilAsked(signal) {
  const asked = new Promise((resolve) => {
    signal.addEventListener('abort', resolve);
    if (signal.aborted) {
      resolve(undefined);
    }
  });
  const anyEnded = running.map(async ({ server }) => {
    const reason = await server.ended;
    if (!signal.aborted) {
      throw new Failure(`Latchkey stopped: ${server.name} ended (${reason}).`, server.logTail);
    }
  });
  await Promise.race([asked, ...anyEnded]);
}

async function stopAll() {
  if (running.length > 0) {
    await output.step('stopping', async () => {
      for (const { stop } of running) {
        await stop();
      }
      running.length = 0;
    });
  }
}

/** For an end without time: nothing that was started may outlive this process. */
function killAll() {
  for (const child of spawned) {
    signalProcess(child, child.killSignal);
  }
}
