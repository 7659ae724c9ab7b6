/** Durations in seconds. */
export class SessionOptions {
  /** A session's life from sign-in. */
  ttlSeconds!: number;
  /** Longest life of a tombstone. */
  blacklistTtlSeconds!: number;
}
