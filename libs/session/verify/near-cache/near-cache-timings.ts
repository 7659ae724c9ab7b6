/** Timings of the near cache. Milliseconds. */
export class NearCacheTimings {
  /** Age after which a session is verified again, regardless of the answer of Redis. */
  maxAgeMs = 5_000;
}
