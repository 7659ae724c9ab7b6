// @ts-check
import { Redis } from 'ioredis';

/** Keep a connection or the counting going, and are no part of a request. */
const HOUSEKEEPING = new Set(['ping', 'info', 'client', 'hello', 'echo']);

/**
 * Counts what clients send to a Redis while `work` runs. By MONITOR, which tells what a client has sent from what a
 * script runs inside the server; INFO commandstats adds the two up.
 * @param {string} url
 * @param {() => Promise<unknown>} work
 * @returns {Promise<Record<string, number>>} how many of each command, the most frequent first
 */
export async function countCommands(url, work) {
  const redis = new Redis(url);
  const monitor = await redis.monitor();
  const mark = `end-of-count-${process.hrtime.bigint()}`;
  /** @type {Map<string, number>} */
  const counts = new Map();
  // Redis shows commands in their order: with the mark, all of them have been seen.
  const allSeen = new Promise((resolve) => {
    monitor.on('monitor', (/** @type {string} */ _time, /** @type {string[]} */ args, source) => {
      const command = commandOfClient(args, source);
      if (command !== undefined) {
        counts.set(command, (counts.get(command) ?? 0) + 1);
      }
      if (args[1] === mark) {
        resolve(undefined);
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
  return Object.fromEntries([...counts].sort(([, one], [, other]) => other - one));
}

/**
 * @param {string[]} args as MONITOR shows them
 * @param {string} source a client's address; `lua` where a script runs it
 * @returns {string | undefined} the command's name; undefined for what does not count
 */
export function commandOfClient([name = ''], source) {
  const command = name.toLowerCase();
  return source === 'lua' || HOUSEKEEPING.has(command) ? undefined : command;
}
