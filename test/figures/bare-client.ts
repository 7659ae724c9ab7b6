import type { Redis } from 'ioredis';
import type { RedisClient, RedisScript } from '../../libs/redis';
import { readLuaSource } from '../../libs/redis/lua-source';

/** As much of the product's client as opening a session needs, without its deadlines and its breaker. */
export function bareClient(redis: Redis): RedisClient {
  const script = (path: string): RedisScript => {
    const { name, source } = readLuaSource(path);
    redis.defineCommand(name, { lua: source });
    const commands = redis as unknown as Record<string, (...all: unknown[]) => Promise<unknown>>;
    return (keys, args) => commands[name]!(keys.length, ...keys, ...args);
  };
  return { script, tryKey: () => undefined } as unknown as RedisClient;
}
