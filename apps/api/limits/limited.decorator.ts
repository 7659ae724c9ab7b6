import { applyDecorators, SetMetadata, UseInterceptors } from '@nestjs/common';
import {
  LIMITED_ATTEMPT,
  RateLimitInterceptor,
  type LimitedAttempt,
} from './rate-limit.interceptor';

/** Limits how often this may be tried: see AttemptLimits. */
export const Limited = (attempt: LimitedAttempt) =>
  applyDecorators(SetMetadata(LIMITED_ATTEMPT, attempt), UseInterceptors(RateLimitInterceptor));

/** What the OpenAPI document says of a limited call's answers. Without limits there are none. */
export const RATE_LIMIT_HEADERS = {
  'RateLimit-Limit': header('Attempts in a window, of the limit that is closest.'),
  'RateLimit-Remaining': header('Attempts that are left in this window.'),
  'RateLimit-Reset': header('Seconds until the window is over.'),
};

function header(description: string) {
  return { description, required: false, schema: { type: 'integer' as const } };
}
