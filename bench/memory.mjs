// @ts-check
import { randomUUID } from 'node:crypto';
import { pathToFileURL } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Failure } from '../tools/local/failure.mjs';
import { runMain } from '../tools/local/main.mjs';
import { createOutput } from '../tools/local/output.mjs';
import { prepare } from '../tools/local/preparation.mjs';
import { build } from '../tools/local/source-build.mjs';
import { startCluster } from './harness/redis-cluster.mjs';
import { RedisServers } from './harness/redis-servers.mjs';
import { Workplace } from './harness/workplace.mjs';
import { writeSection } from './report/document-section.mjs';
import { number, table } from './report/format.mjs';
import { progressBar } from './scale/progress.mjs';
import { openProfileStore, openSessionStore } from './scale/session-store.mjs';
import { PROFILE_BYTES, profileOf } from './servers/users.mjs';

const USERS = 50_000;
const FURTHER_SESSIONS = 4;
const AT_ONCE = 2_000;
const HOUR_MS = 3_600_000;
const CHECKPOINT = '3|123456:123456:|1790000000000';
const EPOCH = '3';
const LEASE = { epoch: EPOCH, writeUntilMs: Number.MAX_SAFE_INTEGER };
/** Redis frees the buffers of a connection after some seconds without traffic. */
const SETTLE_MS = 3_000;

/** @typedef {{ what: string, bytes: number, targetBytes?: number }} MemoryRow */

/**
 * Bytes of Redis per session, by the difference of INFO's `used_memory`, seeded through the product's scripts into a
 * Redis of its own.
 * @param {object} options
 * @param {import('../tools/local/output.mjs').Output} options.output
 * @param {AbortSignal} options.signal
 * @param {number} [options.users]
 * @param {'single' | 'cluster'} [options.kind]
 * @returns {Promise<MemoryRow[]>}
 */
async function measureSessionMemory({ output, signal, users = USERS, kind = 'single' }) {
  const workplace = new Workplace({ output, signal });
  try {
    // The bytes of a key depend on how full the tables are: one master has as many keys as one server.
    const urls =
      kind === 'cluster'
        ? await startCluster(workplace, 'session-memory', 1)
        : [(await workplace.redis('session-memory')).url];
    const redis = new RedisServers(urls, kind);
    try {
      // The append-only file has buffers that count as memory.
      await redis.sum((client) => client.config('SET', 'appendonly', 'no').then(() => 0));
      return await measure(redis, users, signal);
    } finally {
      redis.disconnect();
    }
  } finally {
    await workplace.close();
  }
}

/**
 * @param {RedisServers} redis
 * @param {number} users
 * @param {AbortSignal} signal
 * @returns {Promise<MemoryRow[]>}
 */
async function measure(redis, users, signal) {
  const store = openSessionStore(redis);
  const profiles = openProfileStore(redis);
  const nowMs = Date.now();
  const userIds = Array.from({ length: users }, () => randomUUID());
  const open = (/** @type {string} */ userId, /** @type {number} */ index) => {
    const expiresAtMs = nowMs + HOUR_MS + Math.floor((index / users) * 23 * HOUR_MS);
    const session = { id: randomUUID(), userId, role: 'user', generation: 1, expiresAtMs };
    return store.open(session, LEASE, nowMs);
  };
  const revoke = (/** @type {string} */ userId) =>
    store.revoke(userId, { sessionId: randomUUID(), ttlMs: HOUR_MS });
  const cacheProfile = async (/** @type {string} */ userId) => {
    const lease = await profiles.lease(userId, EPOCH);
    const entry = { version: 1, profile: { ...profileOf(1), id: userId } };
    if (lease === null || !('leased' in lease) || !(await profiles.fill(userId, entry, lease))) {
      throw new Failure('A profile was not cached.');
    }
  };
  const empty = async () => {
    await redis.sum((client) => client.flushall().then(() => 0));
    for (const partition of redis.keys.allPartitions()) {
      const key = redis.keys.checkpoint(partition);
      await redis.clientOf(key).set(key, CHECKPOINT);
    }
    await sleep(SETTLE_MS);
  };

  /**
   * @param {string} title
   * @param {(userId: string, index: number) => Promise<unknown>} work
   */
  const bytesOf = async (title, work) => {
    const before = (await redis.usedMemory()) - (await statisticsBytes(redis));
    const bar = progressBar(`${title}, ${redis.kind}`, users);
    for (let start = 0; start < users; start += AT_ONCE) {
      signal.throwIfAborted();
      await Promise.all(
        userIds.slice(start, start + AT_ONCE).map((userId, index) => work(userId, start + index)),
      );
      bar.show(Math.min(start + AT_ONCE, users));
    }
    await sleep(SETTLE_MS);
    return (await redis.usedMemory()) - (await statisticsBytes(redis)) - before;
  };

  await empty();
  // The scripts, and other memory that is used once.
  const stranger = randomUUID();
  await open(stranger, 0);
  await revoke(stranger);
  await cacheProfile(stranger);
  await sleep(SETTLE_MS);

  const first = await bytesOf('first sessions', open);
  let further = 0;
  for (let session = 2; session <= FURTHER_SESSIONS + 1; session += 1) {
    further += await bytesOf(`sessions, number ${session} of each`, open);
  }
  const statistics = await statisticsBytes(redis);
  await empty();
  const tombstones = await bytesOf('tombstones', revoke);
  await empty();
  const cached = await bytesOf('cached profiles', cacheProfile);

  return [
    { what: 'a user with one session, index and all', bytes: first / users, targetBytes: 400 },
    {
      what: `each further session of the user (of ${FURTHER_SESSIONS})`,
      bytes: further / users / FURTHER_SESSIONS,
      targetBytes: 250,
    },
    { what: 'a tombstone', bytes: tombstones / users, targetBytes: 150 },
    { what: `a cached profile of ${PROFILE_BYTES} bytes`, bytes: cached / users },
    { what: 'the statistics, for all users together', bytes: statistics },
  ];
}

/**
 * The size of the statistics depends on the number of partitions and of minutes in which sessions expire, and not on
 * that of users.
 * @param {RedisServers} redis
 */
async function statisticsBytes(redis) {
  let bytes = 0;
  for (const partition of redis.keys.allPartitions()) {
    const key = redis.keys.statistics(partition);
    bytes += (await redis.clientOf(key).memory('USAGE', key, 'SAMPLES', 0)) ?? 0;
  }
  return bytes;
}

/** @param {MemoryRow[]} single @param {MemoryRow[]} cluster @param {number} users */
function describe(single, cluster, users) {
  return table(
    [`${number(users, 0)} users`, 'bytes', 'target', 'on a Cluster'],
    single.map(({ what, bytes, targetBytes = '–' }, index) => [
      what,
      number(bytes, 0),
      String(targetBytes),
      number(cluster[index]?.bytes ?? NaN, 0),
    ]),
  );
}

/** @param {string | undefined} text */
function readUsers(text) {
  const users = Number(text ?? USERS);
  if (!Number.isInteger(users) || users < 1_000) {
    throw new Failure('--users is an integer from 1000.');
  }
  return users;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const output = createOutput();
  await runMain(async (signal) => {
    const { values } = parseArgs({ options: { users: { type: 'string' } } });
    const users = readUsers(values.users);
    await prepare({ output, signal }, [build]);
    const single = await measureSessionMemory({ output, signal, users, kind: 'single' });
    const cluster = await measureSessionMemory({ output, signal, users, kind: 'cluster' });
    const markdown = describe(single, cluster, users);
    process.stdout.write(`\n${markdown}\n`);
    if (values.users === undefined) {
      writeSection('memory', markdown);
    }
    return 0;
  });
}
