import { Module, type DynamicModule } from '@nestjs/common';
import type { OptionsFactory } from '#libs/common';
import { MetricsModule } from '#libs/metrics';
import { AttemptLimits } from './attempt-limits';
import { RateLimitOptions } from './rate-limit.options';

/** Needs a `RedisClient` in the application (RedisModule is global). */
@Module({})
export class RateLimitModule {
  static forRootAsync(options: OptionsFactory<RateLimitOptions>): DynamicModule {
    return {
      module: RateLimitModule,
      imports: [MetricsModule, ...(options.imports ?? [])],
      providers: [
        {
          provide: RateLimitOptions,
          inject: options.inject ?? [],
          useFactory: options.useFactory,
        },
        AttemptLimits,
      ],
      exports: [AttemptLimits],
    };
  }
}
