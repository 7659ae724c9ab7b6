/**
 * Hash: how many sessions, cached profiles and tombstones there are, and how many of them expire in
 * which minute (scripts/count.lua). No TTL. Buckets whose minute has passed are dropped by the next
 * reader, so its size depends on the longest lifetime in minutes and never on the number of sessions.
 */
export const STATISTICS_KEY = 'latchkey:statistics';

/** The kind that `cachedProfiles` counts, as scripts/count.lua takes it. */
export const CACHED_PROFILES = 'p';

/** What a cache may be counted as. */
export type StatisticsKind = typeof CACHED_PROFILES;
