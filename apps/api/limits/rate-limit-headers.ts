import type { FastifyReply } from 'fastify';
import type { RateLimitState } from '#libs/rate-limit';

/** What the OpenAPI document says of a limited call's answers. Without limits there are none. */
export const RATE_LIMIT_HEADERS = {
  'RateLimit-Limit': header('Attempts in a window, of the limit that is closest.'),
  'RateLimit-Remaining': header('Attempts that are left in this window.'),
  'RateLimit-Reset': header('Seconds until the window is over.'),
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
