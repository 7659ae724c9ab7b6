export { PROFILE_FIELDS, type Profile, type VersionedProfile } from './profile';
export { ProfileCacheModule, type ProfileCacheModuleOptions } from './profile-cache.module';
export { ProfileCacheOptions } from './profile-cache.options';
export { ProfileCacheService, type CacheStatus, type CachedRead } from './profile-cache.service';
export { ProfileSource } from './profile-source';
