/** How long the near cache goes by what it has. Milliseconds. */
export class NearCacheTimings {
  /** After which a session is verified again, whatever Redis says or does not say. */
  maxAgeMs = 5_000;
}
