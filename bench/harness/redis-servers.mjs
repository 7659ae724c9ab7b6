// @ts-check
import { createRequire } from 'node:module';
import { join } from 'node:path';
import calculateSlot from 'cluster-key-slot';
import { Redis } from 'ioredis';
import { ROOT } from '../../tools/local/paths.mjs';
import { callsOf, usedMemory } from './redis-commands.mjs';

const require = createRequire(import.meta.url);

/** Slots of a Redis Cluster. */
export const SLOTS = 16_384;

/** @typedef {import('../../libs/redis/index.js').RedisScript} RedisScript */

/**
 * The Redis of a measurement, one server or the masters of a Cluster, on connections of its own: without the timeouts
 * and the circuit breaker of the product's client.
 */
export class RedisServers {
  /** @type {readonly Redis[]} */
  clients;
  /** The keys of the product. @type {import('../../libs/redis/redis-keys.js').RedisKeys} */
  keys;

  /**
   * @param {readonly string[]} urls of all masters, in the order of their slots
   * @param {'single' | 'cluster'} kind
   */
  constructor(urls, kind) {
    this.urls = urls;
    this.kind = kind;
    this.clients = urls.map((url) => new Redis(url, { enableAutoPipelining: true }));
    /** @type {typeof import('../../libs/redis/redis-keys.js')} */
    const { RedisKeys } = fromBuild('redis/redis-keys.js');
    this.keys = RedisKeys[kind];
  }

  /** The settings with which Latchkey uses it. @returns {NodeJS.ProcessEnv} */
  get settings() {
    const nodes = this.urls.map((url) => new URL(url).host).join(',');
    return {
      REDIS_URL: this.urls[0],
      ...(this.kind === 'cluster' && { REDIS_CLUSTER_NODES: nodes }),
    };
  }

  /** @param {string} key @returns {Redis} the server that has it */
  clientOf(key) {
    const slotsEach = Math.ceil(SLOTS / this.clients.length);
    const index = this.kind === 'single' ? 0 : Math.floor(calculateSlot(key) / slotsEach);
    return /** @type {Redis} */ (this.clients[index]);
  }

  /**
   * @param {string} path of a script of the build
   * @returns {RedisScript}
   */
  script(path) {
    /** @type {typeof import('../../libs/redis/lua-source.js')} */
    const { readLuaSource } = fromBuild('redis/lua-source.js');
    const { name, source } = readLuaSource(path);
    this.clients.forEach((client) => client.defineCommand(name, { lua: source }));
    return async (keys, args) => {
      const commands = /** @type {Record<string, (...all: unknown[]) => Promise<unknown>>} */ (
        /** @type {unknown} */ (this.clientOf(keys[0] ?? ''))
      );
      return commands[name]?.(keys.length, ...keys, ...args);
    };
  }

  /** @param {(client: Redis) => Promise<number>} read @returns {Promise<number>} the sum over all servers */
  async sum(read) {
    const values = await Promise.all(this.clients.map(read));
    return values.reduce((total, value) => total + value, 0);
  }

  /** @returns {Promise<number>} bytes */
  usedMemory() {
    return this.sum(usedMemory);
  }

  /** @param {string} command @returns {Promise<number>} how often it was run since the servers started */
  callsOf(command) {
    return this.sum((client) => callsOf(client, command));
  }

  disconnect() {
    this.clients.forEach((client) => client.disconnect());
  }
}

/** @param {string} path below dist/libs @returns {any} */
export function fromBuild(path) {
  require('reflect-metadata');
  return require(join(ROOT, 'dist', 'libs', path));
}
