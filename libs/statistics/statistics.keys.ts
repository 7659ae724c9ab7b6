/**
 * Hash: numbers of sessions, cached profiles and tombstones, and how many of them expire in each minute
 * (scripts/count.lua). No TTL. The next reader drops buckets of past minutes, so the size depends on the longest
 * lifetime in minutes and not on the number of sessions.
 */
export const STATISTICS_KEY = 'latchkey:statistics';

/** The kind of `cachedProfiles` in scripts/count.lua. */
export const CACHED_PROFILES = 'p';

/** The kinds under which a cache may be counted. */
export type StatisticsKind = typeof CACHED_PROFILES;
