// @ts-check
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureDependencies } from '../../tools/local/dependencies.mjs';
import { Failure } from '../../tools/local/failure.mjs';
import { LockHeld, takeLock } from '../../tools/local/lock.mjs';
import { runMain } from '../../tools/local/main.mjs';
import { createOutput } from '../../tools/local/output.mjs';
import { buildPackages } from '../../tools/local/package-build.mjs';
import { DATA_DIR, ROOT } from '../../tools/local/paths.mjs';
import { freePort } from '../../tools/local/ports.mjs';
import { prepare } from '../../tools/local/preparation.mjs';
import { run } from '../../tools/local/run.mjs';
import { Server } from '../../tools/local/server.mjs';
import { build } from '../../tools/local/source-build.mjs';
import {
  baseUrl,
  probeUrl,
  readStartSettings,
  refuseTakenPort,
} from '../../tools/local/start-settings.mjs';

const HERE = dirname(fileURLToPath(import.meta.url));
const SERVICES = ['Express', 'Fastify', 'Nest'];
const CLIENT_ID = 'orders';
const KEYS = join(DATA_DIR, 'services-keys');
const DEADLINE_MS = 5 * 60_000;

/** @typedef {import('../../tools/local/preparation.mjs').StepContext} StepContext */

/** @type {Server[]} the last started first */
const running = [];

await runMain(async (signal) => {
  const output = createOutput();
  const lock = await onlyOnce(output);
  process.once('exit', () => lock.killChildren());
  try {
    const settings = await readStartSettings();
    await refuseTakenPort(settings);
    await prepare({ output, signal }, [ensureDependencies, build, buildPackages, compile]);
    const secret = randomBytes(32).toString('base64url');
    await startLatchkey(secret, settings, signal);
    const url = baseUrl(settings);
    const places = await output.step('starting the services', () =>
      Promise.all(SERVICES.map((name) => startService(name, url, secret, signal))),
    );
    show(url, places);
    await untilAsked(signal);
  } catch (error) {
    if (!signal.aborted) {
      throw error;
    }
  } finally {
    for (const server of running) {
      await server.stop();
    }
    rmSync(KEYS, { recursive: true, force: true });
    lock.release();
  }
  return 0;
});

/** @param {StepContext['output']} output */
async function onlyOnce(output) {
  try {
    return await takeLock(join(DATA_DIR, 'services.lock'), () =>
      output.say('cleaning up after a start that was killed'),
    );
  } catch (error) {
    throw error instanceof LockHeld
      ? new Failure(`The services run already (process ${error.holder.pid}).`)
      : error;
  }
}

/** @param {StepContext} context */
async function compile({ output, signal }) {
  const compiler = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  await output.step('building examples/services (tsc)', () =>
    succeed([compiler, '-p', HERE, '--incremental'], signal),
  );
}

/**
 * As `npm start` does, with keys and a service client of this run.
 * @param {string} secret
 * @param {import('../../tools/local/start-settings.mjs').StartSettings} settings
 * @param {AbortSignal} signal
 */
async function startLatchkey(secret, settings, signal) {
  rmSync(KEYS, { recursive: true, force: true });
  mkdirSync(KEYS, { recursive: true, mode: 0o700 });
  const env = {
    ...process.env,
    PORT: String(settings.port),
    JWT_KEYS_DIR: KEYS,
    INTROSPECTION_CLIENTS: `${CLIENT_ID}:${secret}`,
  };
  const cli = join(ROOT, 'dist', 'apps', 'cli', 'main.js');
  await succeed([cli, 'keys', 'add'], signal, env);
  const server = await spawn('Latchkey', join(ROOT, 'tools', 'start.mjs'), env, 12_000);
  await untilAnswering(server, `${probeUrl(settings)}/health/live`, signal);
}

/**
 * @param {string} name
 * @param {string} url of Latchkey
 * @param {string} secret
 * @param {AbortSignal} signal
 */
async function startService(name, url, secret, signal) {
  const port = await freePort();
  const server = await spawn(name, join(HERE, 'dist', `${name.toLowerCase()}.js`), {
    ...process.env,
    PORT: String(port),
    LATCHKEY_URL: url,
    LATCHKEY_CLIENT_ID: CLIENT_ID,
    LATCHKEY_CLIENT_SECRET: secret,
  });
  await untilAnswering(server, `http://127.0.0.1:${port}/orders`, signal);
  return { name, port };
}

/**
 * @param {string} name
 * @param {string} file
 * @param {NodeJS.ProcessEnv} env
 * @param {number} [graceMs]
 */
async function spawn(name, file, env, graceMs = 2_000) {
  const server = await Server.spawn(process.execPath, [file], {
    name,
    stopSignal: 'SIGTERM',
    killSignal: 'SIGKILL',
    graceMs,
    cwd: ROOT,
    env,
  });
  running.unshift(server);
  return server;
}

/**
 * @param {Server} server
 * @param {string} address
 * @param {AbortSignal} signal
 */
async function untilAnswering(server, address, signal) {
  await server.waitUntil(() => answers(address), { deadlineMs: DEADLINE_MS, signal });
}

/** @param {string} address */
async function answers(address) {
  try {
    const response = await fetch(address, { signal: AbortSignal.timeout(2_000) });
    await response.body?.cancel();
    return true;
  } catch {
    return false;
  }
}

/**
 * @param {string[]} command a program of Node with its arguments
 * @param {AbortSignal | undefined} signal
 * @param {NodeJS.ProcessEnv} [env]
 */
async function succeed(command, signal, env = process.env) {
  const result = await run(process.execPath, command, { deadlineMs: DEADLINE_MS, signal, env });
  if (!result.ok) {
    throw new Failure(`${command[0]} failed.`, result.output);
  }
}

/**
 * @param {string} url
 * @param {{ name: string, port: number }[]} places
 */
function show(url, places) {
  const email = `ada-${randomBytes(4).toString('hex')}@example.com`;
  const account = `{"email":"${email}","password":"correct horse battery staple"}`;
  const orders = places.map(({ port }) => `http://localhost:${port}/orders`);
  const socket = `ws://localhost:${places.at(-1)?.port}`;
  const lines = [
    '',
    'The services are ready.',
    ...places.map(({ name }, index) => `  ${name.padEnd(9)} ${orders[index]}`),
    `  WebSocket ${socket} (Nest)`,
    '',
    'In another terminal, in this folder: sign up, and call the three services. Each answers 200.',
    '',
    `TOKEN=$(curl -s ${url}/api/auth/register -H 'Content-Type: application/json' -d '${account}' | sed 's/.*"accessToken":"\\([^"]*\\)".*/\\1/')`,
    `curl -s -w ' %{http_code}\\n' -H "Authorization: Bearer $TOKEN" ${orders.join(' ')}`,
    '',
    'Log out, and repeat the second command: after 2 s at most each answers 401.',
    '',
    `curl -si -X POST ${url}/api/auth/logout -H "Authorization: Bearer $TOKEN"`,
    '',
    'To see a WebSocket end, start this before the logout: it prints "closed 4401" when the session ends.',
    '',
    `node examples/services/watch.mjs ${socket} $TOKEN`,
    '',
    'Stop with Ctrl-C.',
    '',
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

/**
 * Resolves at a stop request.
 * @param {AbortSignal} signal
 * @throws {Failure} when one of the servers ends by itself
 */
async function untilAsked(signal) {
  const asked = signal.aborted ? undefined : once(signal, 'abort');
  const anyEnded = running.map(async (server) => {
    const reason = await server.ended;
    if (!signal.aborted) {
      throw new Failure(`${server.name} ended (${reason}).`);
    }
  });
  await Promise.race([asked, ...anyEnded]);
}
