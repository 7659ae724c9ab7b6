// @ts-check
import which from 'which';
import { Failure } from './failure.mjs';
import { installRedis } from './redis-install.mjs';
import { run } from './run.mjs';

const PROGRAMS = ['redis-server', 'valkey-server'];
const MIN_REDIS = { major: 7, minor: 0 };
const VERSION_DEADLINE_MS = 10_000;
const DOCKER_INFO_DEADLINE_MS = 15_000;
const DOCKER_IMAGE = 'redis:7-alpine';

/**
 * A way to run Redis here: a program of this machine, or an image of a running Docker.
 * @typedef {{ kind: 'program', path: string, version: string }
 * | { kind: 'docker', path: string, image: string }} RedisProgram
 */

/**
 * Finds a Redis of a supported version; else installs one; else uses Docker.
 * @param {import('./preparation.mjs').StepContext & { env?: NodeJS.ProcessEnv }} context
 * @returns {Promise<RedisProgram>}
 */
export async function findRedis(context) {
  const env = context.env ?? process.env;
  const search = { ...context, env };
  const first = await findOnPath(search);
  if (first.found !== undefined) {
    return first.found;
  }
  const second = (await installRedis(search)) ? await findOnPath(search) : first;
  const found = second.found ?? (await findDocker(search));
  if (found !== undefined) {
    return found;
  }
  const tooOld = second.tooOld === undefined ? '' : ` (${second.tooOld} is too old)`;
  throw new Failure(
    `No Redis was found${tooOld} and none could be installed: install redis-server 7.0 or later, ` +
      `valkey-server or Docker, or set REDIS_URL.`,
  );
}

/**
 * The server that a path names.
 * @param {string} path
 * @param {AbortSignal} [signal]
 * @returns {Promise<RedisProgram>}
 */
export async function redisAt(path, signal) {
  const { output } = await run(path, ['--version'], { deadlineMs: VERSION_DEADLINE_MS, signal });
  const parsed = parseVersion(output);
  if (!parsed?.supported) {
    const version = parsed ? `${parsed.product} ${parsed.version}` : 'no Redis or Valkey';
    throw new Failure(
      `LATCHKEY_TEST_REDIS_SERVER names a server that is ${version}: Redis 7.0 or later, or Valkey, is needed.`,
    );
  }
  return { kind: 'program', path, version: `${parsed.product} ${parsed.version}` };
}

/**
 * @param {string} text what `redis-server --version` prints
 * @returns {{ product: string, version: string, supported: boolean } | undefined}
 */
export function parseVersion(text) {
  const match = /(Redis|Valkey) server v=((\d+)\.(\d+)[^\s]*)/i.exec(text);
  if (match === null) {
    return undefined;
  }
  const [, product = '', version = '', major, minor] = match;
  const isValkey = product.toLowerCase() === 'valkey';
  const supported =
    isValkey ||
    Number(major) > MIN_REDIS.major ||
    (Number(major) === MIN_REDIS.major && Number(minor) >= MIN_REDIS.minor);
  return { product: isValkey ? 'Valkey' : 'Redis', version, supported };
}

/**
 * @param {{ env: NodeJS.ProcessEnv, signal?: AbortSignal | undefined }} search
 * @returns {Promise<{ found?: RedisProgram, tooOld?: string }>}
 */
async function findOnPath({ env, signal }) {
  /** @type {string | undefined} */
  let tooOld;
  for (const name of PROGRAMS) {
    const path = which.sync(name, { path: env['PATH'], nothrow: true });
    if (path === null) {
      continue;
    }
    const { output } = await run(path, ['--version'], { deadlineMs: VERSION_DEADLINE_MS, signal });
    const parsed = parseVersion(output);
    if (parsed?.supported) {
      return { found: { kind: 'program', path, version: `${parsed.product} ${parsed.version}` } };
    }
    tooOld = `${path} ${parsed?.version ?? 'of unknown version'}`;
  }
  return tooOld === undefined ? {} : { tooOld };
}

/**
 * @param {{ env: NodeJS.ProcessEnv, signal?: AbortSignal | undefined }} search
 * @returns {Promise<RedisProgram | undefined>}
 */
async function findDocker({ env, signal }) {
  const path = which.sync('docker', { path: env['PATH'], nothrow: true });
  if (path === null) {
    return undefined;
  }
  const { ok } = await run(path, ['info'], { deadlineMs: DOCKER_INFO_DEADLINE_MS, env, signal });
  return ok ? { kind: 'docker', path, image: DOCKER_IMAGE } : undefined;
}
