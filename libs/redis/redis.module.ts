import { ConfigurableModuleBuilder, Module } from '@nestjs/common';
import { RedisModule as DriverModule, RedisService } from '@liaoliaots/nestjs-redis';
import { Metrics, MetricsModule } from '#libs/metrics';
import { Tracer, TracingModule } from '#libs/tracing';
import { driverOptions, type RedisOptions } from './driver-options';
import { createRedisClient } from './create-redis-client';
import { RedisClient } from './redis-client';
import { silence } from './silence';

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } =
  new ConfigurableModuleBuilder<RedisOptions>()
    .setClassMethodName('forRoot')
    .setExtras({}, (definition) => ({ ...definition, global: true }))
    .build();

/** The only access to Redis. Other code uses `RedisClient`. */
@Module({
  imports: [
    MetricsModule,
    TracingModule,
    DriverModule.forRootAsync(
      {
        // This module is global and exports the token, so that the driver's module finds it.
        inject: [MODULE_OPTIONS_TOKEN],
        useFactory: (options: unknown) => ({
          closeClient: true,
          // RedisClient logs both, once per outage instead of at every attempt.
          errorLog: false,
          readyLog: false,
          // The client of a Cluster makes its connections as it learns of the nodes.
          config: (options as RedisOptions).clusterNodes
            ? []
            : {
                ...driverOptions(options as RedisOptions),
                onClientCreated: (redis) => silence(redis),
              },
        }),
      },
      false,
    ),
  ],
  providers: [
    {
      provide: RedisClient,
      inject: [MODULE_OPTIONS_TOKEN, RedisService, Metrics, Tracer],
      useFactory: createRedisClient,
    },
  ],
  exports: [RedisClient, MODULE_OPTIONS_TOKEN],
})
export class RedisModule extends ConfigurableModuleClass {}
