export { partyOf } from './address-group';
export { AttemptLimits, type AdmittedAttempt } from './attempt-limits';
export { CallLimits } from './call-limits';
export type { RateLimitState } from './counter';
export { LIMIT_NAMES, type LimitName } from './limit-name';
export { RateLimitModule } from './rate-limit.module';
export { RateLimitOptions } from './rate-limit.options';
export { RateLimitedError } from './rate-limited.error';
export { RejectionDelay } from './rejection-delay';
