import { ConfigurableModuleBuilder, Module } from '@nestjs/common';
import { RedisModule as DriverModule, RedisService } from '@liaoliaots/nestjs-redis';
import { Metrics, MetricsModule } from '#libs/metrics';
import { Tracer, TracingModule } from '#libs/tracing';
import { driverOptions, silence, type RedisOptions } from './driver-options';
import { RedisClient } from './redis-client';

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
          config: { ...driverOptions(options as RedisOptions), onClientCreated: silence },
        }),
      },
      false,
    ),
  ],
  providers: [
    {
      provide: RedisClient,
      inject: [RedisService, Metrics, Tracer],
      useFactory: (driver: RedisService, metrics: Metrics, tracer: Tracer) => {
        const redis = driver.getOrThrow();
        return new RedisClient(redis, redis.options.commandTimeout ?? 0, metrics, tracer);
      },
    },
  ],
  exports: [RedisClient, MODULE_OPTIONS_TOKEN],
})
export class RedisModule extends ConfigurableModuleClass {}
