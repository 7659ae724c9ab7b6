/** Durations in seconds. */
export class CacheOptions {
  /** Life of an entry; each gets up to a tenth less, so that entries made together do not end together. */
  ttlSeconds!: number;
}
