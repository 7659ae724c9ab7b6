import { DomainError } from '#libs/common';
import type { LimitName } from './limit-name';
import type { Standing } from './limiter';

/** Too many attempts in too short a time. */
export class RateLimitedError extends DomainError {
  readonly code = 'rate_limited';
  override readonly retryAfterSeconds: number;

  /** @param limit which of the limits was passed. */
  constructor(
    readonly limit: LimitName,
    readonly standing: Standing,
  ) {
    super('Too many attempts. Wait as long as Retry-After says.');
    this.retryAfterSeconds = standing.resetSeconds;
  }
}
