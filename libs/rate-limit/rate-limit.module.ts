import { Module, type DynamicModule } from '@nestjs/common';
import type { OptionsFactory } from '#libs/common';
import { MetricsModule } from '#libs/metrics';
import { AttemptCounters } from './attempt-counters';
import { AttemptLimits } from './attempt-limits';
import { CallLimits } from './call-limits';
import { KnownClients } from './known-clients';
import { RateLimitOptions } from './rate-limit.options';
import { RejectionDelay } from './rejection-delay';

/** Needs a `RedisClient` in the application (RedisModule is global). */
@Module({})
export class RateLimitModule {
  static forRootAsync(options: OptionsFactory<RateLimitOptions>): DynamicModule {
    return {
      module: RateLimitModule,
      global: true,
      imports: [MetricsModule, ...(options.imports ?? [])],
      providers: [
        {
          provide: RateLimitOptions,
          inject: options.inject ?? [],
          useFactory: options.useFactory,
        },
        AttemptCounters,
        KnownClients,
        AttemptLimits,
        CallLimits,
        RejectionDelay,
      ],
      exports: [AttemptLimits, CallLimits, RejectionDelay],
    };
  }
}
