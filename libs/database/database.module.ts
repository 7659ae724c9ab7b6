import { ConfigurableModuleBuilder, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { MetricsModule } from '#libs/metrics';
import { Database } from './database';
import { DatabaseInspector } from './database-inspector';
import { dataSourceOptions, type DatabaseOptions } from './data-source-options';

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } =
  new ConfigurableModuleBuilder<DatabaseOptions>()
    .setClassMethodName('forRoot')
    .setExtras({}, (definition) => ({ ...definition, global: true }))
    .build();

/** The only access to Postgres. Entities are registered by the modules that own them (`TypeOrmModule.forFeature`). */
@Module({
  imports: [
    MetricsModule,
    TypeOrmModule.forRootAsync({
      // This module is global and exports the token, so that the mapper's module finds it.
      inject: [MODULE_OPTIONS_TOKEN],
      useFactory: (options: DatabaseOptions) => ({
        ...dataSourceOptions(options),
        autoLoadEntities: true,
        retryAttempts: options.connectAttempts ?? 20,
        retryDelay: 500,
      }),
    }),
  ],
  providers: [Database, DatabaseInspector],
  exports: [Database, DatabaseInspector, MODULE_OPTIONS_TOKEN],
})
export class DatabaseModule extends ConfigurableModuleClass {}
