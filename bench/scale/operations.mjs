// @ts-check
import { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from '../../tools/local/failure.mjs';
import { call } from './api-client.mjs';
import { median } from '../harness/numbers.mjs';
import { countOnAll } from '../harness/redis-commands.mjs';
import { Latencies } from './latencies.mjs';
import { seededRefreshToken } from './population.mjs';
import { statisticsReader } from './session-store.mjs';
import { postgresWrites, usedBy } from './usage.mjs';

/** How long the result of a health check is reused. */
const UNSHARED_AFTER_MS = 1_100;
/** Until the product has written the audit events and the last-seen times of the requests so far. */
const WRITTEN_AFTER_MS = 2_600;
/** Until a poll has read the outbox. */
const POLLED_AFTER_MS = 500;
/** Clients that send at the same time, so that their requests share round trips. */
const CROWD = 64;
/** Users whose profiles are read: the first reads fill the cache. */
const CACHED = 20;

const crowd = new Agent({ keepAlive: true, maxSockets: CROWD });

/**
 * @typedef {object} Row
 * @property {string} operation
 * @property {number} size sessions
 * @property {number} p50Ms
 * @property {number} p99Ms
 * @property {number} sent commands of a client, for each
 * @property {number} steps commands that scripts run, for each
 * @property {'single' | 'cluster'} [kind] of Redis
 * @property {number[]} [roundP50sMs]
 * @property {number | undefined} [redisCpuMicros] of all servers, for each, without that of the polls
 * @property {Writes | undefined} [writes] for each
 */

/**
 * @typedef {object} Writes
 * @property {number} transactions of Postgres
 * @property {number} walBytes
 * @property {number} redisBytes to a replica
 */

/**
 * The target of the measurement.
 * @typedef {object} Subject
 * @property {string} url of the API
 * @property {string} metricsUrl
 * @property {import('../harness/redis-servers.mjs').RedisServers} redis
 * @property {import('./usage.mjs').Usage} background of an idle instance, per second
 * @property {import('pg').Client} sql of a superuser
 * @property {import('./population.mjs').Population} population
 * @property {ReturnType<typeof import('./api-client.mjs').tokenSigner>} sign
 * @property {string} password of every user
 * @property {AbortSignal} signal
 */

/**
 * A repeated operation. `prepare` is not measured.
 * @typedef {object} Operation
 * @property {string} name
 * @property {number} times
 * @property {number} counted times whose commands are counted
 * @property {(index: number) => Promise<unknown>} run
 * @property {() => Promise<unknown>} [prepare]
 * @property {boolean} [writes] to Postgres
 * @property {() => Promise<number>} [apart] ms of the last run that are reported separately
 * @property {string} [apartName]
 */

/** Sessions of the sample for `operationsOn`: each of another user. */
export const SAMPLE_SIZE = 600;

/**
 * @param {import('./population.mjs').SeededSession[]} sample
 * @returns the sessions that the operations end, those that stay alive, and how many each operation may end
 */
export function partsOf(sample) {
  const revoked = Math.min(100, Math.floor(sample.length / 5));
  return { revoked, ending: sample.slice(0, revoked * 4), reading: sample.slice(revoked * 4) };
}

/**
 * The operations, in an order from reads to revocations: each revocation uses a user up.
 * @param {Subject} subject
 * @returns {Operation[]}
 */
export function operationsOn({ url, metricsUrl, redis, population, sign, password }) {
  const { revoked, reading, ending: endingSessions } = partsOf(population.sample);
  const ending = endingSessions.map(sign);
  const tokens = reading.map(sign);
  const refreshTokens = reading.map(seededRefreshToken);
  const token = (/** @type {number} */ index) => tokens[index % tokens.length] ?? '';
  const get = (/** @type {string} */ path) => (/** @type {number} */ index) =>
    call(`${url}${path}`, { token: token(index) });
  const readProfile = get('/api/auth/profile');
  const verifyAtOnce = () =>
    Promise.all(
      tokens
        .slice(0, CROWD)
        .map((own) => call(`${url}/api/auth/verify`, { token: own, agent: crowd })),
    );
  const readStatistics = statisticsReader(redis);
  const pause = () => sleep(UNSHARED_AFTER_MS);
  const login = (/** @type {number} */ index) => {
    const email = `${reading[index % reading.length]?.userId}@example.com`;
    return call(`${url}/api/auth/login`, { method: 'POST', json: { email, password } });
  };
  const refresh = async (/** @type {number} */ index) => {
    const own = index % reading.length;
    const json = { refreshToken: refreshTokens[own] };
    const answer = await call(`${url}/api/auth/refresh`, { method: 'POST', json });
    refreshTokens[own] = JSON.parse(answer).refreshToken;
  };
  const end = (/** @type {string} */ path) => () =>
    call(`${url}${path}`, { method: 'POST', token: ending.pop() ?? '' });
  return [
    { name: 'verify', times: 2_000, counted: 20, run: get('/api/auth/verify') },
    { name: `verify, ${CROWD} at once`, times: 80, counted: 10, run: verifyAtOnce },
    {
      name: 'profile, from the cache',
      times: 1_000,
      counted: CACHED,
      run: (index) => readProfile(index % CACHED),
    },
    { name: "list a user's sessions", times: 400, counted: 20, run: get('/api/auth/sessions') },
    {
      name: 'login, password hashing left out',
      times: 60,
      counted: 10,
      run: login,
      writes: true,
      apart: hashingWatch(metricsUrl),
      apartName: 'password hashing of a login',
    },
    { name: 'statistics, the script', times: 1_000, counted: 20, run: readStatistics },
    ...['/api/auth/health', '/health/ready'].map((path) => ({
      name: `\`GET ${path}\``,
      times: 8,
      counted: 2,
      run: () => call(`${url}${path}`),
      prepare: pause,
    })),
    { name: 'refresh', times: revoked, counted: 10, run: refresh, writes: true },
    { name: 'logout', times: revoked, counted: 10, run: end('/api/auth/logout'), writes: true },
    {
      name: 'revoke all of a user',
      times: revoked,
      counted: 10,
      run: end('/api/auth/logout-all'),
      writes: true,
    },
  ];
}

/** An operation on one subject, and its results. */
export class Measurement {
  #whole = new Latencies();
  #aside = new Latencies();
  #commands = { sent: 0, steps: 0 };
  /** @type {number[]} */
  #roundP50sMs = [];
  /** @type {number[]} */
  #redisCpuMicros = [];
  /** @type {Writes | undefined} */
  #writes;
  #done = 0;
  #operation;
  #subject;

  /**
   * @param {Operation} operation
   * @param {Subject} subject
   */
  constructor(operation, subject) {
    this.#operation = operation;
    this.#subject = subject;
  }

  /** Counts the commands. Opens connections, loads scripts and warms up; not measured. */
  async count() {
    const { counted, writes } = this.#operation;
    if (!writes) {
      await this.#repeat();
    }
    const { sent, steps } = await countOnAll(this.#subject.redis.urls, async () => {
      await this.#repeat();
      // The next poll applies a revocation once more.
      await sleep(writes ? POLLED_AFTER_MS : 0);
    });
    this.#commands = { sent: sent / counted, steps: steps / counted };
  }

  /** Counts what the operation writes, if it does. Nothing else may use the stores meanwhile. */
  async countWrites() {
    const { counted, writes } = this.#operation;
    if (!writes) {
      return;
    }
    const { redis, sql, background } = this.#subject;
    await sleep(WRITTEN_AFTER_MS);
    const work = async () => {
      await this.#repeat();
      await sleep(WRITTEN_AFTER_MS);
    };
    let postgres = { transactions: 0, walBytes: 0 };
    const { appendedBytes } = await usedBy(redis, background, async () => {
      postgres = await postgresWrites(sql, work);
    });
    this.#writes = {
      transactions: postgres.transactions / counted,
      walBytes: postgres.walBytes / counted,
      redisBytes: appendedBytes / counted,
    };
  }

  /** @param {number} rounds of which this is one */
  async round(rounds) {
    const { times, run, prepare, apart } = this.#operation;
    const { redis, background, signal } = this.#subject;
    const latencies = new Latencies();
    await apart?.();
    const used = await usedBy(redis, background, async () => {
      for (let repetition = 0; repetition < times / rounds; repetition += 1) {
        signal.throwIfAborted();
        await prepare?.();
        const startMs = performance.now();
        await run(this.#done++);
        const tookMs = performance.now() - startMs;
        const apartMs = (await apart?.()) ?? 0;
        latencies.add(tookMs - apartMs);
        this.#whole.add(tookMs - apartMs);
        this.#aside.add(apartMs);
      }
    });
    this.#roundP50sMs.push(latencies.percentile(0.5));
    this.#redisCpuMicros.push((used.cpuSeconds * 1e6) / Math.ceil(times / rounds));
  }

  /** @returns {Row[]} */
  get rows() {
    const { name, apartName, prepare, writes } = this.#operation;
    const isMostlyWaiting = writes || prepare !== undefined;
    const { population, redis } = this.#subject;
    const size = population.sessions;
    const row = {
      ...rowOf(name, size, this.#whole, this.#commands),
      kind: redis.kind,
      roundP50sMs: this.#roundP50sMs,
      // While an operation pauses or waits for Postgres, the polls use more than the operation.
      redisCpuMicros: isMostlyWaiting ? undefined : median(this.#redisCpuMicros),
      writes: this.#writes,
    };
    return apartName === undefined
      ? [row]
      : [row, rowOf(apartName, size, this.#aside, { sent: 0, steps: 0 })];
  }

  async #repeat() {
    const { counted, run, prepare } = this.#operation;
    for (let index = 0; index < counted; index += 1) {
      await prepare?.();
      await run(this.#done++);
    }
  }
}

/**
 * @param {string} operation
 * @param {number} size
 * @param {Latencies} latencies
 * @param {{ sent: number, steps: number }} commands
 * @returns {Row}
 */
export function rowOf(operation, size, latencies, commands) {
  const [p50Ms, p99Ms] = [latencies.percentile(0.5), latencies.percentile(0.99)];
  return { operation, size, p50Ms, p99Ms, ...commands };
}

/**
 * Milliseconds that the product has spent on hashing passwords since the last call, by its own metric.
 * @param {string} metricsUrl
 */
function hashingWatch(metricsUrl) {
  let before = 0;
  return async () => {
    const text = await (await fetch(metricsUrl)).text();
    const sums = text.matchAll(/^latchkey_password_hashing_duration_seconds_sum\S* (\S+)$/gm);
    const seconds = [...sums].reduce((sum, [, value]) => sum + Number(value), 0);
    if (seconds === 0) {
      throw new Failure('The metric of password hashing is not there.');
    }
    const tookMs = (seconds - before) * 1000;
    before = seconds;
    return tookMs;
  };
}
