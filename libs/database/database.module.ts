import { Module, type DynamicModule } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { OptionsFactory } from '#libs/common';
import { MetricsModule } from '#libs/metrics';
import { Database } from './database';
import { DatabaseInspector } from './database-inspector';
import { dataSourceOptions, type DatabaseOptions } from './data-source-options';

export type { DatabaseOptions };

/** The door to Postgres. Entities come from the modules that own them (`TypeOrmModule.forFeature`). */
@Module({})
export class DatabaseModule {
  static forRootAsync(options: OptionsFactory<DatabaseOptions>): DynamicModule {
    return {
      module: DatabaseModule,
      global: true,
      imports: [
        MetricsModule,
        TypeOrmModule.forRootAsync({
          ...(options.imports && { imports: options.imports }),
          ...(options.inject && { inject: options.inject }),
          useFactory: async (...injected: unknown[]) => {
            const database = await options.useFactory(...injected);
            return {
              ...dataSourceOptions(database),
              autoLoadEntities: true,
              retryAttempts: database.connectAttempts ?? 20,
              retryDelay: 500,
            };
          },
        }),
      ],
      providers: [Database, DatabaseInspector],
      exports: [Database, DatabaseInspector],
    };
  }
}
