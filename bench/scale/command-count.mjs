// @ts-check
import { Redis } from 'ioredis';

/** Keep a connection or the counting going, and are no part of a request. */
const HOUSEKEEPING = new Set(['ping', 'client', 'hello', 'echo']);

/**
 * Counts by MONITOR what Redis does while `work` runs: commands that clients send, and steps of the scripts among
 * them. What the product does all the time to keep Redis up to date does not count; it begins at the position.
 * @param {string} url
 * @param {() => Promise<unknown>} work
 */
export async function countCommands(url, work) {
  const redis = new Redis(url);
  const monitor = await redis.monitor();
  const mark = `end-of-count-${process.hrtime.bigint()}`;
  const counts = { sent: 0, steps: 0 };
  let inBackground = false;
  // Redis shows commands in their order: with the mark, all of them have been seen.
  const allSeen = new Promise((resolve) => {
    monitor.on('monitor', (/** @type {string} */ _time, /** @type {string[]} */ args, source) => {
      if (args[1] === mark) {
        resolve(undefined);
      }
      const isStep = source === 'lua';
      if (!isStep) {
        inBackground = args.includes('latchkey:position') && !args.includes('latchkey:statistics');
      }
      if (!inBackground && !HOUSEKEEPING.has((args[0] ?? '').toLowerCase())) {
        counts[isStep ? 'steps' : 'sent'] += 1;
      }
    });
  });
  try {
    await work();
    await redis.echo(mark);
    await allSeen;
  } finally {
    monitor.disconnect();
    redis.disconnect();
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
