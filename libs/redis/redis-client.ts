import { Logger } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { DependencyUnavailableError } from '#libs/common';
import { readLuaSource } from './lua-source';

/** A loaded script: declared keys first, then arguments. One round trip. */
export type RedisScript = (
  keys: readonly string[],
  args: readonly (string | number)[],
) => Promise<unknown>;

/** Error replies by which Redis says "not now" rather than "you are wrong". */
const UNAVAILABLE_REPLY = /^(LOADING|READONLY|MASTERDOWN|CLUSTERDOWN|NOREPLICAS|OOM|MISCONF|BUSY) /;

/**
 * Redis as the product sees it: named scripts, and a few plain calls for health.
 * Every call rejects with DependencyUnavailableError when Redis cannot answer in time.
 */
export class RedisClient {
  private readonly logger = new Logger('Redis');

  constructor(private readonly redis: Redis) {
    redis.on('ready', () => this.logger.log('connected'));
    redis.on('error', (error: Error) => this.logger.warn(`connection failed: ${error.message}`));
  }

  /**
   * Loads a script from its file, once, at start: a missing file stops the start.
   * Runs by hash; the text travels only when a connection or server has not seen it yet.
   */
  script(path: string): RedisScript {
    const { name, source } = readLuaSource(path);
    this.redis.defineCommand(name, { lua: source });
    const commands = this.redis as unknown as Record<string, (...all: unknown[]) => unknown>;
    return async (keys, args) => {
      try {
        return await commands[name]?.(keys.length, ...keys, ...args);
      } catch (error) {
        throw asDomainError(error);
      }
    };
  }

  /** The value of a string key, or null. One round trip. */
  async get(key: string): Promise<string | null> {
    try {
      return await this.redis.get(key);
    } catch (error) {
      throw asDomainError(error);
    }
  }

  /** Resolves when Redis answers. One round trip. */
  async ping(): Promise<void> {
    try {
      await this.redis.ping();
    } catch (error) {
      throw asDomainError(error);
    }
  }

  /** The fields of one section of INFO. One round trip. */
  async info(section: 'memory' | 'server' | 'replication'): Promise<Map<string, string>> {
    try {
      const text = await this.redis.info(section);
      const lines = text.split('\r\n').filter((line) => line.includes(':'));
      return new Map(
        lines.map((line) => {
          const colon = line.indexOf(':');
          return [line.slice(0, colon), line.slice(colon + 1)];
        }),
      );
    } catch (error) {
      throw asDomainError(error);
    }
  }
}

/** A reply such as WRONGTYPE is a fault of ours and stays what it is; the rest is Redis being away. */
function asDomainError(error: unknown): unknown {
  const isReply = error instanceof Error && error.name === 'ReplyError';
  if (isReply && !UNAVAILABLE_REPLY.test(error.message)) {
    return error;
  }
  return new DependencyUnavailableError('redis', { cause: error });
}
