/**
 * Hash: `{kind}:{minute of expiry}` to a count; kind is s (sessions), p (cached profiles) or
 * b (tombstones). No TTL: fields whose minute has passed are dropped by the next reader, so its
 * size depends on the longest lifetime in minutes and never on the number of sessions.
 */
export const STATISTICS_KEY = 'latchkey:statistics';
