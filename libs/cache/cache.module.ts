import {
  ConfigurableModuleBuilder,
  Global,
  Module,
  type DynamicModule,
  type Type,
} from '@nestjs/common';
import { MetricsModule } from '#libs/metrics';
import { StatisticsModule } from '#libs/statistics';
import { SyncModule } from '#libs/sync';
import { CACHE_DEFINITION, type CacheDefinition, type Versioned } from './cache-definition';
import { CacheOptions } from './cache.options';
import { RedisEntryStore } from './redis-entry.store';
import { UserCaches } from './user-caches';
import type { VersionedCache } from './versioned-cache';

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } =
  new ConfigurableModuleBuilder<CacheOptions>().build();

/** A subclass of `VersionedCache` with its definition. */
export interface CacheClass extends Type<Pick<VersionedCache<Versioned>, 'read'>> {
  readonly definition: CacheDefinition<Versioned>;
}

/** Global: there is one `UserCaches` for all caches. */
@Global()
@Module({ imports: [SyncModule], providers: [UserCaches], exports: [UserCaches] })
class UserCachesModule {}

/** Provides one cache globally, for any Nest application that has `RedisModule` and `DatabaseModule`. */
@Module({ imports: [MetricsModule, StatisticsModule, SyncModule, UserCachesModule] })
export class CacheModule extends ConfigurableModuleClass {
  constructor(caches: UserCaches, entries: RedisEntryStore<Versioned>) {
    super();
    caches.add(entries);
  }

  static forFeature(cache: CacheClass, options: CacheOptions): DynamicModule {
    return provide(cache, this.register(options));
  }

  /** `imports` must provide the dependencies of the cache. */
  static forFeatureAsync(
    cache: CacheClass,
    options: Parameters<typeof ConfigurableModuleClass.registerAsync>[0],
  ): DynamicModule {
    return provide(cache, this.registerAsync(options));
  }
}

function provide(cache: CacheClass, module: DynamicModule): DynamicModule {
  return {
    ...module,
    global: true,
    providers: [
      ...(module.providers ?? []),
      { provide: CacheOptions, useExisting: MODULE_OPTIONS_TOKEN },
      { provide: CACHE_DEFINITION, useValue: cache.definition },
      RedisEntryStore,
      cache,
    ],
    exports: [cache],
  };
}
