// @ts-check
import { setTimeout as sleep } from 'node:timers/promises';
import { registerAtLatchkey } from '../harness/clients.mjs';
import { load } from '../harness/load.mjs';
import { residentBytesOf } from '../harness/process-usage.mjs';
import { startLatchkey, startPeer } from '../harness/server-process.mjs';
import { PROFILE_BYTES } from '../servers/users.mjs';

/** Until a new process is idle. */
const IDLE_AFTER_MS = 3_000;
const LOAD = { connections: 64, requests: 20_000 };

/** @typedef {{ idleBytes: number, loadedBytes: number }} MemoryFigures */

/** @typedef {{ latchkey: MemoryFigures[], bare: MemoryFigures[] }} MemoryResult of each process */

/**
 * Measures the memory of new processes, idle and after the same number of requests.
 * @param {import('../harness/workplace.mjs').Workplace} workplace
 * @param {import('../options.mjs').Options} options
 * @param {import('../../tools/local/output.mjs').Output} output
 * @returns {Promise<MemoryResult>}
 */
export async function measureMemory(workplace, { processes }, output) {
  const settings = {
    REDIS_URL: (await workplace.redis('memory')).url,
    DATABASE_URL: await workplace.database('memory'),
  };
  const first = await startLatchkey(workplace, settings);
  const headers = await registerAtLatchkey(first.url, 1, PROFILE_BYTES);
  await first.server.stop();

  /** @type {MemoryResult} */
  const figures = { latchkey: [], bare: [] };
  for (let round = 1; round <= processes; round += 1) {
    workplace.signal.throwIfAborted();
    const title = `memory, ${round} of ${processes}`;
    const bare = () => startPeer(workplace, 'bare-nest.mjs', {});
    const latchkey = () => startLatchkey(workplace, settings);
    figures.bare.push(await output.step(`${title}: bare`, () => measureProcess(bare)));
    figures.latchkey.push(
      await output.step(`${title}: Latchkey`, () => measureProcess(latchkey, headers)),
    );
  }
  return figures;
}

/**
 * @param {() => Promise<import('../harness/server-process.mjs').MeasuredServer>} start
 * @param {import('../harness/clients.mjs').Headers[]} [headers]
 * @returns {Promise<MemoryFigures>}
 */
async function measureProcess(start, headers = [{}]) {
  const { url, server } = await start();
  await sleep(IDLE_AFTER_MS);
  const idleBytes = residentBytesOf(server.pid);
  await load({ name: 'memory', url: `${url}/api/auth/profile`, headers }, LOAD);
  const loadedBytes = residentBytesOf(server.pid);
  await server.stop();
  return { idleBytes, loadedBytes };
}
