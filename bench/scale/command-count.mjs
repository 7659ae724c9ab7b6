// @ts-check
import { once } from 'node:events';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { Redis } from 'ioredis';

/** `1700000000.000000 [0 127.0.0.1:6000] "get" "key"`; the source of what a script runs is `lua`. */
const LINE = /^\+?[\d.]+ \[\d+ ([^\]]+)\] "(\w+)"(.*)$/;
/** Keep a connection or the counting going, and are no part of a request. */
const HOUSEKEEPING = new Set(['client', 'hello', 'echo']);

/**
 * Counts by MONITOR what Redis does while `work` runs: commands that clients send, and steps of the scripts among
 * them. What the product does all the time to keep Redis up to date does not count; it begins at the position.
 * Not by ioredis, which stumbles over lines that come together with the answer to MONITOR.
 * @param {string} url
 * @param {() => Promise<unknown>} work
 */
export async function countCommands(url, work) {
  const { hostname, port } = new URL(url);
  const monitor = connect(Number(port), hostname);
  await once(monitor, 'connect');
  const marker = new Redis(url, { enableReadyCheck: false });
  const counts = { sent: 0, steps: 0 };
  let isCounting = false;
  let inBackground = false;
  /** @type {Map<string, () => void>} */
  const awaited = new Map();
  createInterface({ input: monitor }).on('line', (line) => {
    const [, source, command = '', rest = ''] = LINE.exec(line) ?? [];
    if (command === 'echo') {
      awaited.get(rest.trim())?.();
    }
    const isStep = source === 'lua';
    if (!isStep) {
      inBackground = rest.includes('"latchkey:position"') && !rest.includes('latchkey:statistics');
    }
    if (isCounting && source && !inBackground && !HOUSEKEEPING.has(command.toLowerCase())) {
      counts[isStep ? 'steps' : 'sent'] += 1;
    }
  });
  // Redis shows commands in their order: with the mark, all before it have been seen.
  const allSeen = async (/** @type {string} */ mark) => {
    const seen = new Promise((resolve) => awaited.set(`"${mark}"`, () => resolve(undefined)));
    await marker.echo(mark);
    await seen;
  };
  try {
    monitor.write('MONITOR\r\n');
    await once(monitor, 'data');
    await allSeen('begin-of-count');
    isCounting = true;
    await work();
    await allSeen('end-of-count');
  } finally {
    monitor.destroy();
    marker.disconnect();
  }
  return counts;
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
