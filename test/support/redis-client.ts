import { Redis } from 'ioredis';
import { Metrics } from '../../libs/metrics';
import type { RedisClient } from '../../libs/redis';
import { clientOf } from '../../libs/redis/create-redis-client';
import { NoTracer } from '../../libs/tracing';
import { startTestRedis, type TestRedis } from './stores';

export interface ConnectedRedis {
  /** The product's client, on a connection as production configures it. */
  client: RedisClient;
  /** A plain connection of the test's own. */
  raw: Redis;
  server: TestRedis;
  close(): Promise<void>;
}

/** A fresh Redis and the product's client on it, without an application around. */
export async function connectRedisClient(): Promise<ConnectedRedis> {
  const server = await startTestRedis();
  const connection = new Redis(server.url, { enableAutoPipelining: true, commandTimeout: 1000 });
  connection.on('error', () => undefined);
  const client = clientOf(connection, new Metrics(), new NoTracer());
  await new Promise<void>((resolve) => client.onConnected(() => resolve()));
  return {
    client,
    raw: server.client,
    server,
    async close() {
      connection.disconnect();
      await server.stop();
    },
  };
}

/** The clock of a Redis; milliseconds since the Unix epoch. */
export async function redisNowMs(redis: Redis): Promise<number> {
  const [seconds = 0, microseconds = 0] = await redis.time();
  return seconds * 1000 + Math.floor(microseconds / 1000);
}
