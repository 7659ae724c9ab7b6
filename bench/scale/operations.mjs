// @ts-check
import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from '../../tools/local/failure.mjs';
import { call } from './api-client.mjs';
import { countCommands } from '../harness/redis-commands.mjs';
import { Latencies } from './latencies.mjs';
import { statisticsReader } from './session-store.mjs';

/** How long the result of a health check is reused. */
const UNSHARED_AFTER_MS = 1_100;

/**
 * @typedef {object} Row
 * @property {string} operation
 * @property {number} size sessions
 * @property {number} p50Ms
 * @property {number} p99Ms
 * @property {number} sent commands of a client, for each
 * @property {number} steps commands that scripts run, for each
 */

/**
 * The target of the measurement.
 * @typedef {object} Subject
 * @property {string} url of the API
 * @property {string} metricsUrl
 * @property {string} redisUrl
 * @property {import('ioredis').Redis} redis
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
 * @property {() => Promise<number>} [apart] ms of the last run that are reported separately
 * @property {string} [apartName]
 */

/** Sessions of the sample for `operationsOn`: each of another user. */
export const SAMPLE_SIZE = 480;

/**
 * The operations, in an order from reads to revocations: each revocation uses a user up.
 * @param {Subject} subject
 * @returns {Operation[]}
 */
export function operationsOn({ url, metricsUrl, redis, population, sign, password }) {
  const { sample } = population;
  const revoked = Math.min(100, Math.floor(sample.length / 4));
  const reading = sample.slice(revoked * 2);
  const tokens = reading.map(sign);
  const ending = sample.slice(0, revoked * 2).map(sign);
  let ended = 0;
  const token = (/** @type {number} */ index) => tokens[index % tokens.length] ?? '';
  const get = (/** @type {string} */ path) => (/** @type {number} */ index) =>
    call(`${url}${path}`, { token: token(index) });
  const readStatistics = statisticsReader(redis);
  const pause = () => sleep(UNSHARED_AFTER_MS);
  const login = (/** @type {number} */ index) => {
    const email = `${reading[index % reading.length]?.userId}@example.com`;
    return call(`${url}/api/auth/login`, { method: 'POST', json: { email, password } });
  };
  const revokeAll = () => {
    const own = ending[ended++] ?? '';
    return call(`${url}/api/auth/logout-all`, { method: 'POST', token: own });
  };
  return [
    { name: 'verify', times: 2_000, counted: 20, run: get('/api/auth/verify') },
    { name: "list a user's sessions", times: 400, counted: 20, run: get('/api/auth/sessions') },
    {
      name: 'login, password hashing left out',
      times: 60,
      counted: 5,
      run: login,
      apart: hashingWatch(metricsUrl),
      apartName: 'password hashing of a login',
    },
    { name: 'statistics, the script', times: 1_000, counted: 20, run: readStatistics },
    ...['/api/auth/health', '/health/ready'].map((path) => ({
      name: `\`GET ${path}\``,
      times: 20,
      counted: 3,
      run: () => call(`${url}${path}`),
      prepare: pause,
    })),
    { name: 'revoke all of a user', times: revoked, counted: 10, run: revokeAll },
  ];
}

/** An operation on one subject, and its results. */
export class Measurement {
  #whole = new Latencies();
  #aside = new Latencies();
  #commands = { sent: 0, steps: 0 };
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
    const { counted, run, prepare } = this.#operation;
    const { commands, steps } = await countCommands(this.#subject.redisUrl, async () => {
      for (let index = 0; index < counted; index += 1) {
        await prepare?.();
        await run(index);
      }
    });
    const sent = Object.values(commands).reduce((sum, count) => sum + count, 0);
    this.#commands = { sent: sent / counted, steps: steps / counted };
  }

  /** @param {number} rounds of which this is one */
  async round(rounds) {
    const { times, run, prepare, apart } = this.#operation;
    await apart?.();
    for (let repetition = 0; repetition < times / rounds; repetition += 1) {
      this.#subject.signal.throwIfAborted();
      await prepare?.();
      const startMs = performance.now();
      await run(this.#done++);
      const tookMs = performance.now() - startMs;
      const apartMs = (await apart?.()) ?? 0;
      this.#whole.add(tookMs - apartMs);
      this.#aside.add(apartMs);
    }
  }

  /** @returns {Row[]} */
  get rows() {
    const { name, apartName } = this.#operation;
    const size = this.#subject.population.sessions;
    const rows = [rowOf(name, size, this.#whole, this.#commands)];
    return apartName === undefined
      ? rows
      : [...rows, rowOf(apartName, size, this.#aside, { sent: 0, steps: 0 })];
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
