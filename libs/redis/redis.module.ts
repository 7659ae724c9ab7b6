import { Module, type DynamicModule } from '@nestjs/common';
import { RedisModule as DriverModule, RedisService } from '@liaoliaots/nestjs-redis';
import type { OptionsFactory } from '#libs/common';
import { Metrics, MetricsModule } from '#libs/metrics';
import { Tracer, TracingModule } from '#libs/tracing';
import { driverOptions, silence, type RedisOptions } from './driver-options';
import { RedisClient } from './redis-client';

/** The door to Redis. Everything else in the product speaks to it through `RedisClient`. */
@Module({})
export class RedisModule {
  static forRootAsync(options: OptionsFactory<RedisOptions>): DynamicModule {
    return {
      module: RedisModule,
      global: true,
      imports: [
        MetricsModule,
        TracingModule,
        DriverModule.forRootAsync(
          {
            ...(options.imports && { imports: options.imports }),
            ...(options.inject && { inject: options.inject }),
            useFactory: async (...injected: unknown[]) => ({
              closeClient: true,
              // RedisClient logs both, once an outage and not at every attempt.
              errorLog: false,
              readyLog: false,
              config: {
                ...driverOptions(await options.useFactory(...injected)),
                onClientCreated: silence,
              },
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
      exports: [RedisClient],
    };
  }
}
