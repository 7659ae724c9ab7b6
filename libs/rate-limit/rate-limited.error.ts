import { DomainError } from '#libs/common';
import type { RateLimitState } from './counter';
import type { LimitName } from './limit-name';

/** Too many attempts in too short a time. */
export class RateLimitedError extends DomainError {
  readonly code = 'rate_limited';
  override readonly retryAfterSeconds: number;

  /**
   * @param limit which of the limits was passed.
   * @param isFirst whether it is the first refusal of its window: the one to report.
   * @param counter key of the counter that refused.
   */
  constructor(
    readonly limit: LimitName,
    readonly state: RateLimitState,
    readonly isFirst = false,
    readonly counter = '',
  ) {
    super('Too many attempts. Wait as long as Retry-After says.');
    this.retryAfterSeconds = state.resetSeconds;
  }
}
