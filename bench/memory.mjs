// @ts-check
import { randomUUID } from 'node:crypto';
import { pathToFileURL } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { runMain } from '../tools/local/main.mjs';
import { createOutput } from '../tools/local/output.mjs';
import { prepare } from '../tools/local/preparation.mjs';
import { build } from '../tools/local/source-build.mjs';
import { Workplace } from './harness/workplace.mjs';
import { writeSection } from './report/document-section.mjs';
import { number, table } from './report/format.mjs';
import { usedMemory } from './harness/redis-commands.mjs';
import { progressBar } from './scale/progress.mjs';
import { openSessionStore } from './scale/session-store.mjs';

const USERS = 100_000;
const FURTHER_SESSIONS = 4;
const AT_ONCE = 2_000;
const HOUR_MS = 3_600_000;
const POSITION = '3|123456:123456:|1790000000000';
const EPOCH = '3';
const LEASE = { epoch: EPOCH, writeUntilMs: Number.MAX_SAFE_INTEGER };
/** Redis frees the buffers of a connection after some seconds without traffic. */
const SETTLE_MS = 3_000;

/** @typedef {{ what: string, bytes: number, targetBytes: number }} MemoryRow */

/**
 * Bytes of Redis per session, by the difference of INFO's `used_memory`, seeded through the product's scripts into a
 * Redis of its own.
 * @param {object} options
 * @param {import('../tools/local/output.mjs').Output} options.output
 * @param {AbortSignal} options.signal
 * @param {number} [options.users]
 * @returns {Promise<{ rows: MemoryRow[], markdown: string }>}
 */
export async function measureSessionMemory({ output, signal, users = USERS }) {
  const workplace = new Workplace({ output, signal });
  try {
    const { url } = await workplace.redis('session-memory');
    const { redis, store } = openSessionStore(url);
    try {
      // The append-only file has buffers that count as memory.
      await redis.config('SET', 'appendonly', 'no');
      await redis.set('latchkey:checkpoint', POSITION);
      const rows = await measure({ redis, store, users, signal });
      return { rows, markdown: describe(rows, users) };
    } finally {
      redis.disconnect();
    }
  } finally {
    await workplace.close();
  }
}

/**
 * @param {ReturnType<typeof openSessionStore> & { users: number, signal: AbortSignal }} seeding
 * @returns {Promise<MemoryRow[]>}
 */
async function measure({ redis, store, users, signal }) {
  const nowMs = Date.now();
  const userIds = Array.from({ length: users }, () => randomUUID());
  const open = (/** @type {string} */ userId, /** @type {number} */ index) => {
    const expiresAtMs = nowMs + HOUR_MS + Math.floor((index / users) * 23 * HOUR_MS);
    const session = { id: randomUUID(), userId, role: 'user', generation: 1, expiresAtMs };
    return store.open(session, LEASE, nowMs);
  };
  const revoke = (/** @type {string} */ userId) =>
    store.revoke(userId, { sessionId: randomUUID(), ttlMs: HOUR_MS });

  /**
   * @param {string} title
   * @param {(userId: string, index: number) => Promise<unknown>} work
   */
  const bytesOf = async (title, work) => {
    const before = await usedMemory(redis);
    const bar = progressBar(title, users);
    for (let start = 0; start < users; start += AT_ONCE) {
      signal.throwIfAborted();
      await Promise.all(
        userIds.slice(start, start + AT_ONCE).map((userId, index) => work(userId, start + index)),
      );
      bar.show(Math.min(start + AT_ONCE, users));
    }
    await sleep(SETTLE_MS);
    return (await usedMemory(redis)) - before;
  };

  // The scripts, and other memory that is used once.
  const stranger = randomUUID();
  await open(stranger, 0);
  await revoke(stranger);
  await sleep(SETTLE_MS);

  const first = await bytesOf('first sessions', open);
  let further = 0;
  for (let session = 2; session <= FURTHER_SESSIONS + 1; session += 1) {
    further += await bytesOf(`sessions, number ${session} of each`, open);
  }
  await redis.flushall();
  await redis.set('latchkey:checkpoint', POSITION);
  await sleep(SETTLE_MS);
  const tombstones = await bytesOf('tombstones', revoke);

  return [
    { what: 'a user with one session, index and all', bytes: first / users, targetBytes: 400 },
    {
      what: `each further session of the user (of ${FURTHER_SESSIONS})`,
      bytes: further / users / FURTHER_SESSIONS,
      targetBytes: 250,
    },
    { what: 'a tombstone', bytes: tombstones / users, targetBytes: 150 },
  ];
}

/** @param {MemoryRow[]} rows @param {number} users */
function describe(rows, users) {
  return table(
    [`${number(users, 0)} users`, 'bytes', 'target'],
    rows.map(({ what, bytes, targetBytes }) => [what, number(bytes, 0), `${targetBytes}`]),
  );
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const output = createOutput();
  await runMain(async (signal) => {
    await prepare({ output, signal }, [build]);
    const { markdown } = await measureSessionMemory({ output, signal });
    process.stdout.write(`\n${markdown}\n`);
    writeSection('memory', markdown);
    return 0;
  });
}
