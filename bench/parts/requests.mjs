// @ts-check
import { Failure } from '../../tools/local/failure.mjs';
import { registerAtLatchkey, signInAtPeer } from '../harness/clients.mjs';
import { load } from '../harness/load.mjs';
import { cpuSecondsOf, residentBytesOf } from '../harness/process-usage.mjs';
import { countCommands } from '../harness/redis-commands.mjs';
import { interleave } from '../harness/rounds.mjs';
import { startLatchkey, startPeer } from '../harness/server-process.mjs';
import { PROGRAMS } from '../rows.mjs';
import { PROFILE_BYTES } from '../servers/profile.mjs';

/** Requests, for each connection, whose Redis commands are counted. */
const COUNTED_REQUESTS = 50;

/**
 * What one round shows of one row.
 * @typedef {import('../harness/load.mjs').LoadFigures & { cpuPer1000: number, residentBytes: number,
 *   redisCpuPer1000: number, generatorCpuPer1000: number }} RequestFigures
 *   CPU in seconds
 */

/** @typedef {{ row: import('../rows.mjs').Row, rounds: RequestFigures[],
 *   commands: Record<string, number> }} RequestResult the commands are those of one request */

/**
 * A program that runs, and what its 64 clients say who they are with.
 * @typedef {import('../harness/server-process.mjs').MeasuredServer & {
 *   headers: Record<string, string>[], redis: { url: string, pid: number } | undefined }} Running
 */

/**
 * Asks each row in turn, again and again, as fast as it answers.
 * @param {import('../harness/workplace.mjs').Workplace} workplace
 * @param {readonly import('../rows.mjs').Row[]} rows
 * @param {import('../options.mjs').Options} options
 * @param {import('../../tools/local/output.mjs').Output} output
 * @returns {Promise<RequestResult[]>}
 */
export async function measureRequests(workplace, rows, options, output) {
  const { connections, rounds, seconds } = options;
  const running = await output.step('starting the servers', () =>
    startAll(workplace, rows, connections),
  );
  const runningOf = (/** @type {import('../rows.mjs').Row} */ row) => {
    const program = running.get(row.program);
    if (program === undefined) {
      throw new Error(`no program ${row.program}`);
    }
    return program;
  };
  for (const row of rows) {
    await refuseOtherAnswers(row, runningOf(row));
  }
  const figures = await interleave(rows, rounds, async (row, round) => {
    workplace.signal.throwIfAborted();
    const title = `${round < 0 ? 'warming up' : `round ${round + 1} of ${rounds}`}: ${row.title}`;
    return output.step(title, () => measureRound(row, runningOf(row), { connections, seconds }));
  });
  const results = [];
  for (const row of rows) {
    results.push({
      row,
      rounds: figures.get(row.id) ?? [],
      commands: await commandsOfOneRequest(row, runningOf(row), connections),
    });
  }
  return results;
}

/**
 * @param {import('../harness/workplace.mjs').Workplace} workplace
 * @param {readonly import('../rows.mjs').Row[]} rows
 * @param {number} users
 */
async function startAll(workplace, rows, users) {
  const wanted = new Set(rows.map(({ program }) => program));
  /** @type {Map<string, Running>} */
  const running = new Map();
  for (const program of PROGRAMS.filter(({ id }) => wanted.has(id))) {
    running.set(program.id, await start(workplace, program, users));
  }
  return running;
}

/**
 * @param {import('../harness/workplace.mjs').Workplace} workplace
 * @param {import('../rows.mjs').Program} program
 * @param {number} users
 * @returns {Promise<Running>}
 */
async function start(workplace, { id, file, needsRedis, needsDatabase, isOpen, settings }, users) {
  const redis = needsRedis ? await workplace.redis(id) : undefined;
  const databaseUrl = needsDatabase ? await workplace.database(id) : undefined;
  const env = { ...settings, REDIS_URL: redis?.url, DATABASE_URL: databaseUrl };
  if (file === undefined) {
    const latchkey = await startLatchkey(workplace, env);
    const headers = await registerAtLatchkey(latchkey.url, users, PROFILE_BYTES);
    return { ...latchkey, redis, headers };
  }
  const peer = await startPeer(workplace, file, env);
  return { ...peer, redis, headers: isOpen ? [{}] : await signInAtPeer(peer.url, users) };
}

/**
 * All rows have to answer the same; asking for it once also fills the caches that a profile is then read from.
 * @param {import('../rows.mjs').Row} row
 * @param {Running} running
 */
async function refuseOtherAnswers({ title, path, hasNoBody }, { url, headers }) {
  for (const own of headers) {
    const answer = await fetch(`${url}${path}`, { headers: own });
    const { byteLength } = await answer.arrayBuffer();
    const expected = hasNoBody ? 0 : PROFILE_BYTES;
    if (answer.status !== 200 || byteLength !== expected) {
      throw new Failure(`${title}: answered ${answer.status} with ${byteLength} bytes.`);
    }
  }
}

/**
 * @param {import('../rows.mjs').Row} row
 * @param {Running} running
 * @param {import('../harness/load.mjs').Amount} amount
 * @returns {Promise<RequestFigures>}
 */
async function measureRound({ title, path }, { url, headers, server, redis }, amount) {
  const redisCpu = () => (redis === undefined ? 0 : cpuSecondsOf(redis.pid));
  const before = { server: cpuSecondsOf(server.pid), redis: redisCpu(), own: process.cpuUsage() };
  const figures = await load({ name: title, url: `${url}${path}`, headers }, amount);
  const own = process.cpuUsage(before.own);
  const per1000 = (/** @type {number} */ seconds) => (seconds / figures.requests) * 1000;
  return {
    ...figures,
    cpuPer1000: per1000(cpuSecondsOf(server.pid) - before.server),
    redisCpuPer1000: per1000(redisCpu() - before.redis),
    generatorCpuPer1000: per1000((own.user + own.system) / 1e6),
    residentBytes: residentBytesOf(server.pid),
  };
}

/**
 * @param {import('../rows.mjs').Row} row
 * @param {Running} running
 * @param {number} connections
 * @returns {Promise<Record<string, number>>}
 */
async function commandsOfOneRequest({ title, path }, { url, headers, redis }, connections) {
  if (redis === undefined) {
    return {};
  }
  const requests = connections * COUNTED_REQUESTS;
  const counts = await countCommands(redis.url, () =>
    load({ name: title, url: `${url}${path}`, headers }, { connections, requests }),
  );
  return Object.fromEntries(
    Object.entries(counts).map(([command, count]) => [command, count / requests]),
  );
}
