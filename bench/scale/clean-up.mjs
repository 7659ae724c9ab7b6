// @ts-check
import { join } from 'node:path';
import { Failure } from '../../tools/local/failure.mjs';
import { ROOT } from '../../tools/local/paths.mjs';
import { run } from '../../tools/local/run.mjs';
import { call } from './api-client.mjs';
import { Latencies } from './latencies.mjs';
import { partsOf, rowOf } from './operations.mjs';

const DEADLINE_MS = 15 * 60_000;
/** Polling commands of the product, from two connections: the others would disappear among them. */
const IDLE_MS = 2_000;

/**
 * The cost of one clean-up, and the latency of requests during it.
 * @typedef {object} CleanUpResult
 * @property {number} size sessions
 * @property {number} seconds
 * @property {number} commands
 * @property {import('./operations.mjs').Row} beside verifications meanwhile
 */

/**
 * @param {import('./operations.mjs').Subject} subject
 * @param {NodeJS.ProcessEnv} env of the command line
 * @returns {Promise<CleanUpResult>}
 */
export async function measureCleanUp({ url, redis, population, sign, signal }, env) {
  const tokens = partsOf(population.sample).reading.map(sign);
  const latencies = new Latencies();
  let isOver = false;
  const asking = async () => {
    let asked = 0;
    for (; !isOver; asked += 1) {
      const token = tokens[asked % tokens.length] ?? '';
      await latencies.measure(() => call(`${url}/api/auth/verify`, { token }));
    }
    return asked;
  };
  const sentBefore = await sentCommands(redis);
  const startMs = performance.now();
  const [cleanUp, asked] = await Promise.all([
    runCleanUp(env, signal).finally(() => {
      isOver = true;
    }),
    asking(),
  ]);
  const elapsedMs = performance.now() - startMs;
  const sent = (await sentCommands(redis)) - sentBefore - asked;
  const size = population.sessions;
  return {
    size,
    seconds: cleanUp.durationMs / 1000,
    commands: Math.max(0, Math.round(sent - (await idleCommands(redis)) * (elapsedMs / IDLE_MS))),
    beside: rowOf('verify, beside a clean-up', size, latencies, { sent: 1, steps: 0 }),
  };
}

/**
 * @param {NodeJS.ProcessEnv} env
 * @param {AbortSignal} signal
 * @returns {Promise<{ durationMs: number }>}
 */
async function runCleanUp(env, signal) {
  const cli = join(ROOT, 'dist', 'apps', 'cli', 'main.js');
  const { ok, output } = await run(process.execPath, [cli, 'clean-up', '--json'], {
    cwd: ROOT,
    env: { ...env, LOG_LEVEL: 'silent' },
    deadlineMs: DEADLINE_MS,
    signal,
  });
  if (!ok) {
    throw new Failure('The clean-up failed.', output);
  }
  return JSON.parse(output);
}

/** @typedef {import('../harness/redis-servers.mjs').RedisServers} RedisServers */

/** Scripts and steps of a scan: all commands of a clean-up and a verification. @param {RedisServers} redis */
async function sentCommands(redis) {
  return (await redis.callsOf('evalsha')) + (await redis.callsOf('scan'));
}

/** @param {RedisServers} redis */
async function idleCommands(redis) {
  const before = await sentCommands(redis);
  await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
  return (await sentCommands(redis)) - before;
}
