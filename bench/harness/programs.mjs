// @ts-check
import { programOf } from '../rows.mjs';
import { PROFILE_BYTES } from '../servers/users.mjs';
import { registerAtLatchkey, signInAtPeer, unreadHeaders } from './clients.mjs';
import { inParallel } from './parallel.mjs';
import { startLatchkey, startPeer } from './server-process.mjs';

const AT_ONCE = 2;

/**
 * A running program, and the headers of its users.
 * @typedef {import('./server-process.mjs').MeasuredServer & {
 * headers: import('./clients.mjs').Headers[], redis: { url: string, pid: number } | undefined }} RunningProgram
 */

/**
 * Starts the programs of rows, each with stores and signed-in users of its own.
 * @template {import('../rows.mjs').Row} Row
 * @param {import('./workplace.mjs').Workplace} workplace
 * @param {readonly Row[]} rows
 * @param {number} users
 * @returns {Promise<(row: Row) => RunningProgram>} the program of a row
 */
export async function startPrograms(workplace, rows, users) {
  /** @type {Map<string, RunningProgram>} */
  const running = new Map();
  const ids = [...new Set(rows.map(({ program }) => program))];
  await inParallel(ids, AT_ONCE, async (id) => {
    running.set(id, await startProgram(workplace, programOf(id), users));
  });
  return ({ program }) => /** @type {RunningProgram} */ (running.get(program));
}

/**
 * @param {import('./workplace.mjs').Workplace} workplace
 * @param {import('../rows.mjs').Program} program
 * @param {number} users
 * @returns {Promise<RunningProgram>}
 */
export async function startProgram(workplace, program, users) {
  const { id, file, needsRedis, needsDatabase, isOpen, settings } = program;
  const redis = needsRedis ? await workplace.redis(id) : undefined;
  const databaseUrl = needsDatabase ? await workplace.database(id) : undefined;
  const env = { ...settings, REDIS_URL: redis?.url, DATABASE_URL: databaseUrl };
  if (file === undefined) {
    const latchkey = await startLatchkey(workplace, env);
    const headers = await registerAtLatchkey(latchkey.url, users, PROFILE_BYTES);
    return { ...latchkey, redis, headers };
  }
  const peer = await startPeer(workplace, file, env);
  const headers = isOpen ? unreadHeaders(users) : await signInAtPeer(peer.url, users);
  return { ...peer, redis, headers };
}
