/** Durations in seconds. */
export class CacheOptions {
  /** Lifetime of an entry; each is shortened by up to a tenth, so that entries made together do not expire together. */
  ttlSeconds!: number;
}
