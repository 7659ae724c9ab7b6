// @ts-check
import { once } from 'node:events';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { Redis } from 'ioredis';

/** `1700000000.000000 [0 127.0.0.1:6000] "get" "key"`; commands of a script have the source `lua`. */
const LINE = /^\+?[\d.]+ \[\d+ (\S+)\] "(\w+)"(.*)$/;
/** Commands that keep a connection or the counting alive, and belong to no request. */
const HOUSEKEEPING = new Set(['ping', 'info', 'client', 'cluster', 'hello', 'echo']);
/** The checkpoint, or that of a partition of a Cluster. */
const CHECKPOINT = /"latchkey:checkpoint(:\{\d+\})?"/;

/**
 * The commands that a Redis has run.
 * @typedef {{ commands: Record<string, number>, steps: number }} Counts
 * how many of each command clients have sent, the most frequent first; how many commands their scripts have run
 */

/**
 * One command, as MONITOR shows it.
 * @typedef {{ command: string, rest: string, isStep: boolean }} Shown
 */

/**
 * Counts the commands of a Redis while `work` runs, by MONITOR, which distinguishes the commands of clients from those
 * of scripts; INFO commandstats adds them up. Read from a socket: ioredis fails on lines that arrive together with the
 * reply to MONITOR. Latchkey's polling is not counted.
 * @param {string} url
 * @param {() => Promise<unknown>} work
 * @returns {Promise<Counts>}
 */
export async function countCommands(url, work) {
  const { hostname, port } = new URL(url);
  const monitor = connect(Number(port), hostname);
  await once(monitor, 'connect');
  const marker = new Redis(url, { enableReadyCheck: false });
  const counter = new Counter();
  /** @type {Map<string, () => void>} */
  const awaited = new Map();
  createInterface({ input: monitor }).on('line', (line) => {
    const shown = commandOf(line);
    if (shown?.command === 'echo') {
      awaited.get(shown.rest.trim())?.();
    } else if (shown !== undefined) {
      counter.add(shown);
    }
  });
  // MONITOR shows commands in order: with the mark, all commands before it have been seen.
  const allSeen = async (/** @type {string} */ mark) => {
    const seen = new Promise((resolve) => awaited.set(`"${mark}"`, () => resolve(undefined)));
    await marker.echo(mark);
    await seen;
  };
  try {
    monitor.write('MONITOR\r\n');
    await once(monitor, 'data');
    await allSeen('begin-of-count');
    counter.begin();
    await work();
    await allSeen('end-of-count');
  } finally {
    monitor.destroy();
    marker.disconnect();
  }
  return counter.counts;
}

/**
 * `countCommands` for several servers, such as the masters of a Cluster.
 * @param {readonly string[]} urls
 * @param {() => Promise<unknown>} work
 * @returns {Promise<{ sent: number, steps: number }>} commands of clients and of their scripts, of all servers
 */
export async function countOnAll(urls, work) {
  const total = { sent: 0, steps: 0 };
  const counted = urls.reduce(
    (inner, url) => async () => {
      const { commands, steps } = await countCommands(url, inner);
      total.sent += Object.values(commands).reduce((sum, count) => sum + count, 0);
      total.steps += steps;
    },
    work,
  );
  await counted();
  return total;
}

/**
 * @param {string} line of MONITOR
 * @returns {Shown | undefined} undefined for what shows no command
 */
export function commandOf(line) {
  const [, source, name, rest = ''] = LINE.exec(line) ?? [];
  return name === undefined
    ? undefined
    : { command: name.toLowerCase(), rest, isStep: source === 'lua' };
}

class Counter {
  #isCounting = false;
  #inBackground = false;
  #steps = 0;
  /** @type {Map<string, number>} */
  #sent = new Map();

  begin() {
    this.#isCounting = true;
  }

  /** @param {Shown} shown */
  add({ command, rest, isStep }) {
    if (!isStep) {
      this.#inBackground = keepsRedisUpToDate(rest);
    }
    if (!this.#isCounting || this.#inBackground || HOUSEKEEPING.has(command)) {
      return;
    }
    if (isStep) {
      this.#steps += 1;
    } else {
      this.#sent.set(command, (this.#sent.get(command) ?? 0) + 1);
    }
  }

  get counts() {
    const sent = [...this.#sent].sort(([, one], [, other]) => other - one);
    return { commands: Object.fromEntries(sent), steps: this.#steps };
  }
}

/** @param {string} rest of a command of a client */
function keepsRedisUpToDate(rest) {
  return CHECKPOINT.test(rest) && !rest.includes('latchkey:statistics');
}

/**
 * @param {Redis} redis
 * @param {string} command
 * @returns {Promise<number>} how often it was run since the server started
 */
export async function callsOf(redis, command) {
  const stats = await redis.info('commandstats');
  return Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
}

/** @param {Redis} redis @returns {Promise<number>} bytes */
export async function usedMemory(redis) {
  return Number(/used_memory:(\d+)/.exec(await redis.info('memory'))?.[1]);
}
