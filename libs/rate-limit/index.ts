export { AttemptLimits } from './attempt-limits';
export { LIMIT_NAMES, type LimitName } from './limit-name';
export type { Standing } from './limiter';
export { RateLimitModule } from './rate-limit.module';
export { RateLimitOptions } from './rate-limit.options';
export { RateLimitedError } from './rate-limited.error';
