import { Module, type Abstract, type DynamicModule, type Type } from '@nestjs/common';
import type { OptionsFactory } from '#libs/common';
import { StatisticsModule } from '#libs/statistics';
import { MetricsModule } from '#libs/metrics';
import { SyncModule } from '#libs/sync';
import { ProfileCacheOptions } from './profile-cache.options';
import { ProfileCacheService } from './profile-cache.service';
import { ProfileSource } from './profile-source';
import { RedisProfileStore } from './redis-profile.store';

export interface ProfileCacheModuleOptions extends OptionsFactory<ProfileCacheOptions> {
  /** A provider, exported by one of `imports`, that reads profiles where they are kept. */
  source: Type<ProfileSource> | Abstract<ProfileSource>;
}

/** The profile cache for any Nest application that has `RedisModule` and `DatabaseModule`. */
@Module({})
export class ProfileCacheModule {
  static forRootAsync(options: ProfileCacheModuleOptions): DynamicModule {
    return {
      module: ProfileCacheModule,
      global: true,
      imports: [MetricsModule, StatisticsModule, SyncModule, ...(options.imports ?? [])],
      providers: [
        {
          provide: ProfileCacheOptions,
          inject: options.inject ?? [],
          useFactory: options.useFactory,
        },
        { provide: ProfileSource, useExisting: options.source },
        RedisProfileStore,
        ProfileCacheService,
      ],
      exports: [ProfileCacheService],
    };
  }
}
