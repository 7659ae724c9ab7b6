/** Options of the near cache. */
export interface NearCacheOptions {
  /** Maximum number of sessions; the oldest are dropped. */
  maxSessions: number;
}

/** Durations in seconds. */
export class SessionOptions {
  /** Lifetime of a session from sign-in or its last refresh. */
  ttlSeconds!: number;
  /** Lifetime of a session from sign-in, regardless of refreshes. Absent: the session TTL. */
  maxLifetimeSeconds?: number;
  /**
   * Lifetime of an access token, on this and every other instance that issues tokens for these sessions. Absent: that
   * of its session, which is always safe.
   */
  accessTokenTtlSeconds?: number;
  /** Maximum lifetime of a tombstone. */
  blacklistTtlSeconds!: number;
  /** Maximum number of sessions per user; the oldest beyond it are revoked. Absent: no limit. */
  maxSessionsPerUser?: number | undefined;
  /**
   * Keeps sessions that Redis has confirmed in the process, with the cached content that was read together with them.
   * Every change of that content must append the user to the outbox. Absent: off.
   */
  nearCache?: NearCacheOptions | undefined;
}
