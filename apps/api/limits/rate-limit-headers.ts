import type { FastifyReply } from 'fastify';
import type { RateLimitState } from '#libs/rate-limit';

/** Headers of a limited call in the OpenAPI document. They are absent where limits are off. */
export const RATE_LIMIT_HEADERS = {
  'RateLimit-Limit': header('Attempts per window, of the limit with the fewest attempts left.'),
  'RateLimit-Remaining': header('Attempts left in this window.'),
  'RateLimit-Reset': header('Seconds until the window ends.'),
};

export function setRateLimitHeaders(reply: FastifyReply, state: RateLimitState | null): void {
  if (state) {
    void reply
      .header('ratelimit-limit', state.limit)
      .header('ratelimit-remaining', state.remaining)
      .header('ratelimit-reset', state.resetSeconds);
  }
}

function header(description: string) {
  return { description, required: false, schema: { type: 'integer' as const } };
}
