export { RedisModule } from './redis.module';
export { RedisClient, type RedisScript } from './redis-client';
export type { RedisOptions } from './redis.module';
