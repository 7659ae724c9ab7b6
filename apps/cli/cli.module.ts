import { Module, type DynamicModule } from '@nestjs/common';
import type { RedisSettings, Settings } from '#libs/config';
import { RedisCheck } from '#libs/maintenance';
import { RedisModule } from '#libs/redis';
import { StatisticsModule } from '#libs/statistics';
import { CoreModule } from '../core.module';
import { UserImport } from './import/user-import';

/** The modules of the command line. Postgres is tried once: a person waits for the answer. */
@Module({})
export class CliModule {
  /** @throws SettingsError when JWT_KEYS_DIR is unusable. */
  static forRoot(settings: Settings): DynamicModule {
    return {
      module: CliModule,
      imports: [CoreModule.forRoot(settings, { databaseAttempts: 1 })],
      providers: [UserImport],
    };
  }
}

/** The modules of the commands that need Redis alone. */
@Module({})
export class RedisCliModule {
  static forRoot(redis: RedisSettings): DynamicModule {
    return {
      module: RedisCliModule,
      imports: [RedisModule.forRootAsync({ useFactory: () => redis }), StatisticsModule],
      providers: [RedisCheck],
    };
  }
}
