// @ts-check
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { Failure } from './failure.mjs';
import { DATA_DIR, ROOT } from './paths.mjs';
import { freePort, portIsTaken } from './ports.mjs';
import { keepSecret } from './secret-file.mjs';

const DEFAULT_PORT = '3000';
const DEFAULT_HOST = '127.0.0.1';
/** Gives no user, no password and no TLS. */
const UNUSED_REDIS_URL = 'redis://localhost';
const ANY_ADDRESS = ['0.0.0.0', '::'];

/**
 * The address of the API, and its stores.
 * @typedef {object} StartSettings
 * @property {string} host
 * @property {number} port
 * @property {string | undefined} databaseUrl unset: Postgres is embedded
 * @property {string | undefined} redisUrl unset: a Redis is started; with Sentinels or a Cluster its host is not used
 */

/**
 * Reads the settings of the start from the environment and from `.env`; the environment wins.
 * @returns {Promise<StartSettings>}
 */
export async function readStartSettings() {
  readEnvFile(join(ROOT, '.env'));
  ['DATABASE_URL', 'REDIS_URL', 'JWT_SECRET'].forEach(takeFromFile);
  const { NODE_ENV, HOST, PORT, DATABASE_URL, REDIS_URL } = process.env;
  const { REDIS_SENTINELS, REDIS_CLUSTER_NODES } = process.env;
  if (NODE_ENV === 'production' && !(DATABASE_URL && REDIS_URL)) {
    throw new Failure(
      'Nothing is embedded when NODE_ENV is production: set DATABASE_URL and REDIS_URL; ' +
        'in production run node dist/apps/api/main.js.',
    );
  }
  return {
    host: (HOST || DEFAULT_HOST).replace(/^\[(.*)\]$/, '$1'),
    port: await readPort(PORT || DEFAULT_PORT),
    databaseUrl: DATABASE_URL || undefined,
    redisUrl: REDIS_URL || (REDIS_SENTINELS || REDIS_CLUSTER_NODES ? UNUSED_REDIS_URL : undefined),
  };
}

/**
 * Reads the file with Node's parser, which skips what it cannot parse. The stricter reader of libs/config is not built
 * yet: a taken port is refused before the build. Before a store is started, the API checks the file with that reader
 * and refuses it if a line was skipped.
 * @param {string} path
 */
function readEnvFile(path) {
  if (!existsSync(path)) {
    return;
  }
  // Without the byte order mark, which would become part of the first name.
  const text = new TextDecoder().decode(readFileSync(path));
  for (const [name, value] of Object.entries(parseEnv(text))) {
    process.env[name] ??= value;
  }
}

/**
 * Reads the secret file of a setting, as the API does: the start depends on the value.
 * @param {string} name
 */
function takeFromFile(name) {
  const path = process.env[`${name}_FILE`];
  if (!path || process.env[name]) {
    return;
  }
  try {
    process.env[name] = readFileSync(path, 'utf8').replace(/\r?\n$/, '');
  } catch {
    throw new Failure(`${name}_FILE names a file that cannot be read.`);
  }
  delete process.env[`${name}_FILE`];
}

/** @param {string} text */
async function readPort(text) {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : NaN;
  if (!(port <= 65_535)) {
    throw new Failure('PORT must be a port number from 0 to 65535.');
  }
  return port === 0 ? freePort() : port;
}

/** @param {StartSettings} settings */
export async function refuseTakenPort({ host, port }) {
  if (await portIsTaken(port, host)) {
    throw new Failure(
      `Port ${port} of ${host} is taken by another program: stop it or set PORT, ` +
        'for example PORT=3001 npm start.',
    );
  }
}

/**
 * The environment of the API and of the command line.
 * @param {StartSettings} settings
 * @param {{ databaseUrl: string, redisUrl: string }} stores
 * @returns {NodeJS.ProcessEnv}
 */
export function apiEnvironment({ host, port }, { databaseUrl, redisUrl }) {
  const { NODE_ENV, JWT_SECRET, SHUTDOWN_DELAY, SHUTDOWN_TIMEOUT } = process.env;
  const makesSecret = !JWT_SECRET && NODE_ENV !== 'production';
  return {
    ...process.env,
    HOST: host,
    PORT: String(port),
    DATABASE_URL: databaseUrl,
    REDIS_URL: redisUrl,
    // No load balancer is in front, and a person waits for the end.
    SHUTDOWN_DELAY: SHUTDOWN_DELAY || '0s',
    SHUTDOWN_TIMEOUT: SHUTDOWN_TIMEOUT || '4s',
    ...(makesSecret ? { JWT_SECRET: keepSecret(join(DATA_DIR, 'jwt-secret')).value } : {}),
  };
}

/**
 * @param {StartSettings} settings
 * @returns {string} the address to open in a browser of this machine
 */
export function baseUrl({ host, port }) {
  const local = host === DEFAULT_HOST || ANY_ADDRESS.includes(host) || host === '::1';
  return `http://${local ? 'localhost' : bracketed(host)}:${port}`;
}

/**
 * @param {StartSettings} settings
 * @returns {string} an address at which the API answers this process
 */
export function probeUrl({ host, port }) {
  const reachable = host === '::' ? '::1' : host === '0.0.0.0' ? DEFAULT_HOST : host;
  return `http://${bracketed(reachable)}:${port}`;
}

/** @param {string} host */
function bracketed(host) {
  return host.includes(':') ? `[${host}]` : host;
}
