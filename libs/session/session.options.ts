/** Durations in seconds. */
export class SessionOptions {
  /** A session's life from sign-in or its last refresh. */
  ttlSeconds!: number;
  /** A session's life from sign-in, however often it is refreshed. The session TTL where absent. */
  maxLifetimeSeconds?: number;
  /** Longest life of a tombstone. */
  blacklistTtlSeconds!: number;
  /** The most sessions a user may have; the oldest beyond it end. No limit where absent. */
  maxSessionsPerUser?: number | undefined;
}
