export { RedisAwayError, type AwayCode, type AwayReason } from './away-reason';
export { RedisModule } from './redis.module';
export { RedisClient, type RedisScript } from './redis-client';
export { RedisKeys } from './redis-keys';
export type { RedisOptions, SentinelOptions } from './driver-options';
export type { RedisServer } from './redis-server';
export { warningsOf, type ServerWarning, type ServerWarningCode } from './server-warnings';
