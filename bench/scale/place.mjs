// @ts-check
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { freePort } from '../../tools/local/ports.mjs';
import { startCluster } from '../harness/redis-cluster.mjs';
import { RedisServers } from '../harness/redis-servers.mjs';
import { JWT_SECRET, startLatchkey } from '../harness/server-process.mjs';
import { call, tokenSigner } from './api-client.mjs';
import { Population } from './population.mjs';
import { openSessionStore } from './session-store.mjs';

/** Masters of a measured Cluster. */
export const MASTERS = 3;

/** Limits that refuse no request, but count as usual. */
const GENEROUS_LIMITS = Object.fromEntries(
  ['LOGIN_LIMIT_PER_ACCOUNT', 'LOGIN_LIMIT_PER_ADDRESS'].map((name) => [name, '1000000']),
);

/** @typedef {Awaited<ReturnType<typeof settle>>} Place */

/**
 * Starts stores and an API, and creates the first user.
 * @param {import('../harness/workplace.mjs').Workplace} workplace
 * @param {string} name
 * @param {'single' | 'cluster'} kind of Redis
 */
export async function settle(workplace, name, kind) {
  const urls =
    kind === 'cluster'
      ? await startCluster(workplace, name, MASTERS)
      : [(await workplace.redis(name)).url];
  const redis = new RedisServers(urls, kind);
  const metricsPort = String(await freePort());
  const env = {
    ...GENEROUS_LIMITS,
    ...redis.settings,
    DATABASE_URL: await workplace.database(name),
    METRICS_PORT: metricsPort,
    CLEAN_UP_CRON: 'off',
    REDIS_CHECK_CRON: 'off',
  };
  const { url } = await startLatchkey(workplace, env);
  const sql = new pg.Client({ connectionString: env.DATABASE_URL });
  await sql.connect();
  await sql.query('SET statement_timeout = 0');

  const password = randomBytes(12).toString('base64url');
  const json = { email: 'first@example.com', password };
  const { accessToken } = JSON.parse(
    await call(`${url}/api/auth/register`, { method: 'POST', json }),
  );
  const { rows } = await sql.query('SELECT password_hash FROM users');
  const store = openSessionStore(redis);
  /** @type {import('./operations.mjs').Subject} */
  const subject = {
    url,
    metricsUrl: `http://127.0.0.1:${metricsPort}/metrics`,
    redis,
    sql,
    background: { cpuSeconds: 0, scripts: 0, appendedBytes: 0 },
    population: new Population({ sql, store, redis }, rows[0].password_hash),
    sign: tokenSigner(accessToken, JWT_SECRET),
    password,
    signal: workplace.signal,
  };
  return { subject, env: { ...process.env, ...env, NODE_ENV: 'production', JWT_SECRET } };
}

/** @param {readonly Place[]} places */
export async function leave(places) {
  for (const { subject } of places) {
    subject.redis.disconnect();
    await subject.sql.end();
  }
}
