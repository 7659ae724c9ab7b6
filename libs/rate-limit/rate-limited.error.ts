import { DomainError } from '#libs/common';
import type { RateLimitState } from './counter';
import type { LimitName } from './limit-name';

/** The client exceeds a rate limit. */
export class RateLimitedError extends DomainError {
  readonly code = 'rate_limited';
  override readonly retryAfterSeconds: number;

  /**
   * @param limit the limit that was exceeded.
   * @param isFirst whether it is the first refusal of its window: the one to report.
   * @param counter key of the counter that refused.
   */
  constructor(
    readonly limit: LimitName,
    readonly state: RateLimitState,
    readonly isFirst = false,
    readonly counter = '',
  ) {
    super('Too many attempts. Retry after the time in `Retry-After`.');
    this.retryAfterSeconds = state.resetSeconds;
  }
}
