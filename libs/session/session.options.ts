/** What is kept in the memory of the process. */
export interface NearCacheOptions {
  /** Sessions that are kept at most; the oldest go. */
  maxSessions: number;
}

/** Durations in seconds. */
export class SessionOptions {
  /** A session's life from sign-in or its last refresh. */
  ttlSeconds!: number;
  /** A session's life from sign-in, however often it is refreshed. The session TTL where absent. */
  maxLifetimeSeconds?: number;
  /**
   * An access token's life from its issue, in this and every other instance that issues tokens of these sessions with
   * these settings. As long as its session's where absent, which is always safe.
   */
  accessTokenTtlSeconds?: number;
  /** Longest life of a tombstone. */
  blacklistTtlSeconds!: number;
  /** The most sessions a user may have; the oldest beyond it end. No limit where absent. */
  maxSessionsPerUser?: number | undefined;
  /**
   * Keeps sessions that Redis has confirmed in the process, with the cached content that was read with them. Every
   * change of that content must append the user to the outbox. Off where absent.
   */
  nearCache?: NearCacheOptions | undefined;
}
