// @ts-check
import { join } from 'node:path';
import { ROOT } from '../../tools/local/paths.mjs';
import { fromBuild } from '../harness/redis-servers.mjs';

/** @typedef {import('../../libs/session/store/redis-session.store.js').RedisSessionStore} SessionStore */
/** @typedef {import('../harness/redis-servers.mjs').RedisServers} RedisServers */

/**
 * The built session store.
 * @param {RedisServers} redis
 * @returns {SessionStore}
 */
export function openSessionStore(redis) {
  /** @type {typeof import('../../libs/session/store/redis-session.store.js')} */
  const { RedisSessionStore } = fromBuild('session/store/redis-session.store.js');
  return new RedisSessionStore(asClient(redis));
}

/**
 * The built store of cached profiles.
 * @param {RedisServers} redis
 * @returns {import('../../libs/cache/redis-entry.store.js').RedisEntryStore<{ version: number }>}
 */
export function openProfileStore(redis) {
  /** @type {typeof import('../../libs/cache/redis-entry.store.js')} */
  const { RedisEntryStore } = fromBuild('cache/redis-entry.store.js');
  /** @type {typeof import('../../libs/user/profile.cache.js')} */
  const { ProfileCache } = fromBuild('user/profile.cache.js');
  return new RedisEntryStore(
    asClient(redis),
    /** @type {any} */ (ProfileCache.definition),
    /** @type {any} */ ({ ttlSeconds: 1800 }),
  );
}

/** Reads the statistics as the product does. @param {RedisServers} redis */
export function statisticsReader(redis) {
  const { keys } = redis;
  const path = join(ROOT, 'dist', 'libs', 'statistics', 'scripts', 'read-statistics.lua');
  const read = redis.script(path);
  return () =>
    Promise.all(
      keys
        .allPartitions()
        .map((partition) =>
          read([keys.statistics(partition), keys.checkpoint(partition)], [Date.now()]),
        ),
    );
}

/** @param {RedisServers} redis */
function asClient(redis) {
  const client = {
    keys: redis.keys,
    script: (/** @type {string} */ path) => redis.script(path),
    tryKey: () => undefined,
  };
  return /** @type {import('../../libs/redis/index.js').RedisClient} */ (
    /** @type {unknown} */ (client)
  );
}
