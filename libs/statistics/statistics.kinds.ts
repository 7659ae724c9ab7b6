/** The kind of `cachedProfiles` in scripts/count.lua. */
export const CACHED_PROFILES = 'p';

/** The kinds under which a cache may be counted. */
export type StatisticsKind = typeof CACHED_PROFILES;
