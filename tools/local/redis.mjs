// @ts-check
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Failure } from './failure.mjs';
import { writePrivately } from './files.mjs';
import { ask, freePort } from './ports.mjs';
import { run } from './run.mjs';
import { Server } from './server.mjs';

const READY_DEADLINE_MS = 20_000;
/** Docker may have to pull the image first. */
const DOCKER_READY_DEADLINE_MS = 5 * 60_000;
const STOP_GRACE_MS = 5_000;
const REMOVE_DEADLINE_MS = 30_000;
const PORT_ATTEMPTS = 3;
const DOCKER_PORT = 6379;
/** In the data directory. A command line is no place for a password: `ps` shows it to every user. */
const CONFIG_FILE = 'password.conf';
const ACCEPTS_CONNECTIONS = 'Ready to accept connections';

const DURABLE = ['--appendonly', 'yes', '--appendfsync', 'everysec', '--save', ''];
const NEVER_EVICT = ['--maxmemory-policy', 'noeviction'];

/** @typedef {import('./redis-program.mjs').RedisProgram} RedisProgram */

/**
 * @typedef {object} RedisOptions
 * @property {RedisProgram} found
 * @property {string} dir where the data lies; made if missing
 * @property {string | undefined} [password] of every client, without blanks; none by default
 * @property {number | undefined} [port] a free one by default
 * @property {string[]} [flags] further arguments of redis-server, which win
 * @property {string | undefined} [logFile] `redis.log` in `dir` by default
 * @property {AbortSignal | undefined} [signal]
 */

/**
 * The command line that runs a Redis in the foreground, reachable on 127.0.0.1 only.
 * @param {RedisProgram} found
 * @param {{ port: number, dir: string, hasPassword?: boolean, flags?: string[] }} options
 * @returns {{ command: string, args: string[] }}
 */
export function redisCommand(found, { port, dir, hasPassword = false, flags = [] }) {
  const common = ['--daemonize', 'no', ...NEVER_EVICT, ...DURABLE];
  if (found.kind === 'program') {
    const address = ['--port', String(port), '--bind', '127.0.0.1', '--protected-mode', 'yes'];
    const config = hasPassword ? [join(dir, CONFIG_FILE)] : [];
    return {
      command: found.path,
      args: [...config, ...address, '--dir', dir, ...common, ...flags],
    };
  }
  // In a container it listens on all addresses; only the published port is reachable.
  const address = ['--bind', '*', '--protected-mode', 'no', '--dir', '/data'];
  const publish = ['-p', `127.0.0.1:${port}:${DOCKER_PORT}`, '-v', `${resolve(dir)}:/data`];
  const user = process.getuid ? ['--user', `${process.getuid()}:${process.getgid?.()}`] : [];
  const container = ['run', '--rm', '-i', '--name', containerName(dir), ...user, ...publish];
  const config = hasPassword ? [`/data/${CONFIG_FILE}`] : [];
  const server = ['redis-server', ...config, ...address, ...common, ...flags];
  return { command: found.path, args: [...container, found.image, ...server] };
}

/**
 * Starts a Redis and waits until it answers.
 * @param {RedisOptions} options
 * @returns {Promise<{ url: string, port: number, pid: number, server: Server,
 *   stop: (graceMs?: number) => Promise<void> }>}
 */
export async function startRedis(options) {
  for (let attempt = 1; ; attempt += 1) {
    const port = options.port ?? (await freePort());
    const server = await launch(options, port);
    const stop = async (graceMs = STOP_GRACE_MS) => {
      await server.stop(graceMs);
      await removeContainer(options);
    };
    try {
      await waitUntilReady(server, port, options);
      const login = options.password === undefined ? '' : `:${options.password}@`;
      return { url: `redis://${login}127.0.0.1:${port}`, port, pid: server.pid, server, stop };
    } catch (error) {
      await stop();
      const lostThePort = server.log.includes('Address already in use');
      if (!lostThePort || options.port !== undefined || attempt === PORT_ATTEMPTS) {
        throw error;
      }
    }
  }
}

/**
 * @param {RedisOptions} options
 * @param {number} port
 */
async function launch(options, port) {
  const { found, dir, flags, password, logFile = join(dir, 'redis.log') } = options;
  mkdirSync(dir, { recursive: true });
  chmodSync(dir, 0o700);
  await removeContainer(options);
  const hasPassword = password !== undefined;
  if (hasPassword) {
    writePrivately(join(dir, CONFIG_FILE), `requirepass ${password}\n`);
  }
  const { command, args } = redisCommand(found, {
    port,
    dir,
    hasPassword,
    ...(flags ? { flags } : {}),
  });
  return Server.spawn(command, args, {
    name: 'Redis',
    stopSignal: 'SIGTERM',
    killSignal: 'SIGKILL',
    graceMs: STOP_GRACE_MS,
    logFile,
  });
}

/**
 * @param {Server} server
 * @param {number} port
 * @param {RedisOptions} options
 */
async function waitUntilReady(server, port, { found, password, signal }) {
  const deadlineMs = found.kind === 'docker' ? DOCKER_READY_DEADLINE_MS : READY_DEADLINE_MS;
  const login = password === undefined ? '' : `AUTH ${password}\r\n`;
  /** @param {string} command */
  const call = async (command) => (await ask(port, `${login}${command}\r\n`)) ?? '';
  // Another process may have taken the port meanwhile, and answers too.
  const isOurs = async () =>
    found.kind === 'docker' ||
    /process_id:(\d+)/.exec(await call('INFO server'))?.[1] === `${server.pid}`;
  const isReady = async () =>
    // Another process must not receive the password.
    (login === '' || server.log.includes(ACCEPTS_CONNECTIONS)) &&
    /^\+PONG/m.test(await call('PING')) &&
    (await isOurs());
  await server.waitUntil(isReady, { deadlineMs, signal });
}

/**
 * Removes the container: it survives a killed `docker run`.
 * @param {RedisOptions} options
 */
async function removeContainer({ found, dir }) {
  if (found.kind === 'docker') {
    const name = containerName(dir);
    const { output } = await run(found.path, ['rm', '-f', name], {
      deadlineMs: REMOVE_DEADLINE_MS,
    });
    if (/permission denied|cannot connect/i.test(output)) {
      throw new Failure(`Docker could not remove the container ${name}.`, output);
    }
  }
}

/** @param {string} dir */
function containerName(dir) {
  const digest = createHash('sha256').update(resolve(dir)).digest('hex').slice(0, 12);
  return `latchkey-redis-${digest}`;
}
