import type { StatisticsKind } from '#libs/statistics';

/** Content and the version of the account, a number in Postgres that every change of the user's data raises by one. */
export interface Versioned {
  readonly version: number;
}

/** A value without named fields. It is cached as a whole. */
type Plain = string | number | boolean | null | readonly Plain[];

/**
 * The allow-list of a cache, for each member of an entry except its version: the named fields of an object, or a plain
 * value as a whole. A field that is not listed cannot leak through the cache.
 */
export type AllowedFields<Entry extends Versioned> = {
  readonly [Member in Exclude<keyof Entry, 'version'>]: Entry[Member] extends Plain
    ? 'whole'
    : readonly (keyof Entry[Member])[];
};

/** The definition of a cache, apart from loading an entry. */
export interface CacheDefinition<Entry extends Versioned> {
  /**
   * One lower-case word. It is part of the Redis key `user:{name}:{userId}`, and the label `cache` of the metric
   * `latchkey_cache_reads_total`.
   */
  name: string;
  allowed: AllowedFields<Entry>;
  /**
   * One character that names the format of the content, not `~`. Change it together with `allowed`: instances of two
   * releases that share a Redis then ignore each other's content.
   */
  format: string;
  /** The statistic that counts the cached entries. Absent: none. */
  countedAs?: StatisticsKind;
}

/** Injects the definition in the module of its cache. */
export const CACHE_DEFINITION = Symbol('CacheDefinition');

export type CacheStatus = 'HIT' | 'MISS' | 'BYPASS';

export type CachedRead<Entry extends Versioned> = Entry & { readonly cache: CacheStatus };
