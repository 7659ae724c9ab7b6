// @ts-check
import { setTimeout as sleep } from 'node:timers/promises';
import { median } from '../harness/numbers.mjs';

const NOW = `SELECT pg_current_wal_flush_lsn()::text AS lsn, pg_snapshot_xmax(pg_current_snapshot())::text AS xmax`;
/** Without the images of whole pages, whose number depends on the time since the last checkpoint of Postgres. */
const RECORDS = `SELECT coalesce(sum(record_size), 0)::float8 AS bytes FROM pg_get_wal_stats($1::pg_lsn, $2::pg_lsn)`;

/**
 * What the servers of Redis do together.
 * @typedef {object} Usage
 * @property {number} cpuSeconds of their main threads
 * @property {number} scripts that clients have sent
 * @property {number} appendedBytes to their append-only files: a replica receives as much
 */

const NOTHING = { cpuSeconds: 0, scripts: 0, appendedBytes: 0 };
const IDLE_MS = 2_000;
/** Of which the median counts: Redis may still be busy with the sessions that were seeded. */
const SAMPLES = 5;

/** @typedef {import('../harness/redis-servers.mjs').RedisServers} RedisServers */

/**
 * @param {RedisServers} redis
 * @returns {Promise<Usage>} per second, while no request is sent
 */
export async function measureBackground(redis) {
  /** @type {Usage[]} */
  const samples = [];
  for (let sample = 0; sample < SAMPLES; sample += 1) {
    samples.push(await usedBy(redis, NOTHING, () => sleep(IDLE_MS)));
  }
  const perSecond = (/** @type {keyof Usage} */ what) =>
    median(samples.map((sample) => sample[what])) / (IDLE_MS / 1000);
  return {
    cpuSeconds: perSecond('cpuSeconds'),
    scripts: perSecond('scripts'),
    appendedBytes: perSecond('appendedBytes'),
  };
}

/**
 * @param {RedisServers} redis
 * @param {Usage} background per second, which is subtracted
 * @param {() => Promise<unknown>} work
 * @returns {Promise<Usage>} of the work
 */
export async function usedBy(redis, background, work) {
  const scriptsBefore = await redis.callsOf('evalsha');
  const bytesBefore = await appendedBytes(redis);
  const cpuBefore = await cpuSeconds(redis);
  const startMs = performance.now();
  await work();
  const seconds = (performance.now() - startMs) / 1000;
  const cpuAfter = await cpuSeconds(redis);
  return {
    cpuSeconds: cpuAfter - cpuBefore - background.cpuSeconds * seconds,
    scripts: (await redis.callsOf('evalsha')) - scriptsBefore - background.scripts * seconds,
    appendedBytes: (await appendedBytes(redis)) - bytesBefore - background.appendedBytes * seconds,
  };
}

/** @param {RedisServers} redis */
function appendedBytes(redis) {
  return redis.sum((client) => infoNumber(client, 'persistence', 'aof_current_size'));
}

/** @param {RedisServers} redis */
function cpuSeconds(redis) {
  return redis.sum(
    async (client) =>
      (await infoNumber(client, 'cpu', 'used_cpu_user_main_thread')) +
      (await infoNumber(client, 'cpu', 'used_cpu_sys_main_thread')),
  );
}

/**
 * @param {import('ioredis').Redis} client
 * @param {string} section of INFO
 * @param {string} field
 */
async function infoNumber(client, section, field) {
  return Number(new RegExp(`^${field}:([\\d.]+)`, 'm').exec(await client.info(section))?.[1]);
}

/**
 * What Postgres writes during `work`. Nothing else may write to the server meanwhile.
 * @param {import('pg').Client} sql of a superuser
 * @param {() => Promise<unknown>} work
 * @returns {Promise<{ transactions: number, walBytes: number }>} transactions that have written; bytes of their records
 */
export async function postgresWrites(sql, work) {
  await sql.query('CREATE EXTENSION IF NOT EXISTS pg_walinspect');
  const [before] = (await sql.query(NOW)).rows;
  await work();
  const [after] = (await sql.query(NOW)).rows;
  const [records] =
    before.lsn === after.lsn
      ? [{ bytes: 0 }]
      : (await sql.query(RECORDS, [before.lsn, after.lsn])).rows;
  return { transactions: Number(after.xmax) - Number(before.xmax), walBytes: records.bytes };
}
