// @ts-check
import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from '../../tools/local/failure.mjs';
import { load } from '../harness/load.mjs';
import { startPrograms } from '../harness/programs.mjs';
import { cpuSecondsOf, residentBytesOf } from '../harness/process-usage.mjs';
import { countCommands } from '../harness/redis-commands.mjs';
import { interleave } from '../harness/rounds.mjs';
import { PROFILE_BYTES } from '../servers/users.mjs';

/** A pause that lets a slow server finish the work for closed connections before the next row. */
export const SETTLE_MS = 250;
/** Requests per connection whose Redis commands are counted. */
const COUNTED_REQUESTS = 50;

/**
 * The figures of one row in one round.
 * @typedef {import('../harness/load.mjs').LoadFigures & { cpuPer1000: number, residentBytes: number,
 * redisCpuPer1000: number, generatorCpuPer1000: number }} RequestFigures
 * CPU in seconds
 */

/** @typedef {{ row: import('../rows.mjs').Row, rounds: RequestFigures[],
 *   commands: Record<string, number> }} RequestResult the commands are those of one request */

/** @typedef {import('../harness/programs.mjs').RunningProgram} RunningProgram */

/** @typedef {Pick<import('../rows.mjs').Row, 'title' | 'path'>} Requested */

/**
 * Sends requests to each row in turn, repeatedly, as fast as it answers.
 * @param {import('../harness/workplace.mjs').Workplace} workplace
 * @param {readonly import('../rows.mjs').Row[]} rows
 * @param {import('../options.mjs').Options} options
 * @param {import('../../tools/local/output.mjs').Output} output
 * @returns {Promise<RequestResult[]>}
 */
export async function measureRequests(workplace, rows, options, output) {
  const { connections, rounds, seconds } = options;
  const runningOf = await output.step('starting the servers', () =>
    startPrograms(workplace, rows, connections),
  );
  for (const row of rows) {
    await refuseOtherAnswers(row, runningOf(row));
  }
  const figures = await interleave(rows, rounds, async (row, round) => {
    workplace.signal.throwIfAborted();
    const title = `${round < 0 ? 'warming up' : `round ${round + 1} of ${rounds}`}: ${row.title}`;
    await sleep(SETTLE_MS);
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
 * Checks that all rows give the same answer; the request also fills the caches of a profile.
 * @param {Requested & { hasNoBody?: boolean }} row
 * @param {RunningProgram} running
 */
export async function refuseOtherAnswers({ title, path, hasNoBody }, { url, headers }) {
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
 * @param {Requested} row
 * @param {RunningProgram} running
 * @param {import('../harness/load.mjs').Amount} amount
 * @returns {Promise<RequestFigures>}
 */
export async function measureRound(row, running, amount) {
  const { server, redis } = running;
  const redisCpu = () => (redis === undefined ? 0 : cpuSecondsOf(redis.pid));
  const before = { server: cpuSecondsOf(server.pid), redis: redisCpu(), own: process.cpuUsage() };
  const figures = await load(targetOf(row, running), amount);
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
 * @param {RunningProgram} running
 * @param {number} connections
 * @returns {Promise<Record<string, number>>}
 */
async function commandsOfOneRequest(row, running, connections) {
  if (running.redis === undefined) {
    return {};
  }
  const requests = connections * COUNTED_REQUESTS;
  const { commands } = await countCommands(running.redis.url, () =>
    load(targetOf(row, running), { connections, requests }),
  );
  return Object.fromEntries(
    Object.entries(commands).map(([command, count]) => [command, count / requests]),
  );
}

/**
 * @param {Requested} row
 * @param {RunningProgram} running
 * @returns {import('../harness/load.mjs').Target}
 */
function targetOf({ title, path }, { url, headers, server }) {
  return { name: title, url: `${url}${path}`, headers, details: () => server.logTail };
}
