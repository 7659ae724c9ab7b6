// @ts-check
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { ROOT } from '../../tools/local/paths.mjs';

const require = createRequire(import.meta.url);

/** @typedef {import('../../libs/session/store/redis-session.store.js').RedisSessionStore} SessionStore */
/** @typedef {import('../../libs/redis/index.js').RedisScript} RedisScript */

/**
 * The built session store on a connection of its own, without the timeouts and the circuit breaker of the product's
 * client.
 * @param {string} url
 */
export function openSessionStore(url) {
  const redis = new Redis(url, { enableAutoPipelining: true });
  /** @type {typeof import('../../libs/session/store/redis-session.store.js')} */
  const { RedisSessionStore } = fromBuild('session/store/redis-session.store.js');
  /** @type {typeof import('../../libs/redis/redis-keys.js')} */
  const { RedisKeys } = fromBuild('redis/redis-keys.js');
  const client = {
    keys: RedisKeys.single,
    script: (/** @type {string} */ path) => loadScript(redis, path),
    tryKey: () => undefined,
  };
  const store = new RedisSessionStore(
    /** @type {import('../../libs/redis/index.js').RedisClient} */ (
      /** @type {unknown} */ (client)
    ),
  );
  return { redis, store };
}

/** Reads the statistics as the product does. @param {Redis} redis */
export function statisticsReader(redis) {
  /** @type {typeof import('../../libs/redis/redis-keys.js')} */
  const { RedisKeys } = fromBuild('redis/redis-keys.js');
  const keys = [RedisKeys.single.statistics(0), RedisKeys.single.checkpoint(0)];
  const path = join(ROOT, 'dist', 'libs', 'statistics', 'scripts', 'read-statistics.lua');
  const read = loadScript(redis, path);
  return () => read(keys, [Date.now()]);
}

/**
 * @param {Redis} redis
 * @param {string} path
 * @returns {RedisScript}
 */
function loadScript(redis, path) {
  /** @type {typeof import('../../libs/redis/lua-source.js')} */
  const { readLuaSource } = fromBuild('redis/lua-source.js');
  const { name, source } = readLuaSource(path);
  redis.defineCommand(name, { lua: source });
  const commands = /** @type {Record<string, (...all: unknown[]) => Promise<unknown>>} */ (
    /** @type {unknown} */ (redis)
  );
  return async (keys, args) => commands[name]?.(keys.length, ...keys, ...args);
}

/** @param {string} path below dist/libs @returns {any} */
function fromBuild(path) {
  require('reflect-metadata');
  return require(join(ROOT, 'dist', 'libs', path));
}
