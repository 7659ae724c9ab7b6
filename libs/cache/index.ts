export {
  type AllowedFields,
  type CacheDefinition,
  type CacheStatus,
  type CachedRead,
  type Versioned,
} from './cache-definition';
export { CacheModule, type CacheClass } from './cache.module';
export { CacheOptions } from './cache.options';
export { UserCaches } from './user-caches';
export { VersionedCache } from './versioned-cache';
