// @ts-check
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname, resolve, sep } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from './failure.mjs';
import { ask, freePort } from './ports.mjs';
import { clusterExists, createCluster, POSTGRES_ENV, setPassword } from './postgres-cluster.mjs';
import { findPostgres } from './postgres-program.mjs';
import { choosePostgresUser, giveTo, openTheWay } from './postgres-user.mjs';
import { Server } from './server.mjs';

const READY_DEADLINE_MS = 60_000;
const STOP_GRACE_MS = 6_000;
const ATTEMPTS = 20;
const RETRY_DELAY_MS = 500;
/** Another process has taken the port, or helpers of a killed Postgres are still running. */
const PASSING_TROUBLE = /could not bind|could not create any TCP\/IP sockets|shared memory block/;

/**
 * @typedef {object} PostgresOptions
 * @property {string} dataDir made with its user and database if missing
 * @property {string} password of the superuser
 * @property {boolean} [passwordIsNew] sets it also in a data directory that exists
 * @property {string} [user] the superuser's name
 * @property {string} [database]
 * @property {number | undefined} [port] a free one by default
 * @property {string[]} [flags] settings of the form name=value
 * @property {string | undefined} [logFile] beside the data directory by default
 * @property {((text: string) => void) | undefined} [say] called with each change on the machine
 * @property {AbortSignal | undefined} [signal]
 */

/**
 * Starts Postgres on 127.0.0.1 and waits until it accepts connections.
 * @param {PostgresOptions} options
 * @returns {Promise<{ url: string, port: number, pid: number, server: Server,
 *   stop: (graceMs?: number) => Promise<void> }>}
 */
export async function startPostgres(options) {
  const { password, user = 'latchkey', database = 'latchkey' } = options;
  const dataDir = resolve(options.dataDir);
  const { program, owner } = await prepare(dataDir, options);
  const cluster = { ...options, program, owner, dataDir, user, database };
  if (!clusterExists(dataDir)) {
    await createCluster(cluster);
  } else if (options.passwordIsNew) {
    await setPassword(cluster);
  }
  const { server, port } = await launch(cluster, options);
  const url = `postgresql://${user}:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}`;
  return { url, port, pid: server.pid, server, stop: (graceMs) => server.stop(graceMs) };
}

/**
 * @param {string} dataDir
 * @param {PostgresOptions} options
 */
async function prepare(dataDir, { say = () => undefined }) {
  mkdirSync(dirname(dataDir), { recursive: true });
  if (existsSync(dataDir) && !clusterExists(dataDir)) {
    throw new Failure(`${dataDir} holds no Postgres data: move it away and start again.`);
  }
  const program = findPostgres();
  const owner = await choosePostgresUser(dataDir);
  openTheWay(program.folder, owner, say);
  openTheWay(dirname(dataDir), owner, say);
  if (owner.uid !== undefined && statSync(dataDir, { throwIfNoEntry: false })?.uid === 0) {
    giveTo(dataDir, owner);
  }
  return { program, owner };
}

/**
 * @param {import('./postgres-cluster.mjs').Cluster} cluster
 * @param {PostgresOptions} options
 */
async function launch({ program, owner, dataDir }, options) {
  const { flags = [], logFile = `${dataDir}.log`, signal } = options;
  const settings = ['unix_socket_directories=', 'logging_collector=off', ...flags];
  for (let attempt = 1; ; attempt += 1) {
    const port = options.port ?? (await freePort());
    const address = ['-h', '127.0.0.1', '-p', String(port)];
    const args = ['-D', dataDir, ...address, ...settings.flatMap((setting) => ['-c', setting])];
    const server = await Server.spawn(program.postgres, args, {
      name: 'Postgres',
      stopSignal: 'SIGINT',
      killSignal: 'SIGQUIT',
      graceMs: STOP_GRACE_MS,
      logFile,
      cwd: sep,
      env: POSTGRES_ENV,
      uid: owner.uid,
      gid: owner.gid,
    });
    const isReady = async () =>
      /ready to accept (read-only )?connections/.test(server.log) &&
      (await ask(port, '')) !== undefined;
    try {
      await server.waitUntil(isReady, { deadlineMs: READY_DEADLINE_MS, signal });
      return { server, port };
    } catch (error) {
      await server.stop();
      if (!PASSING_TROUBLE.test(server.log) || attempt === ATTEMPTS) {
        throw error;
      }
      await sleep(RETRY_DELAY_MS);
    }
  }
}
