import { ConfigurableModuleBuilder, Module } from '@nestjs/common';
import { MetricsModule } from '#libs/metrics';
import { AttemptCounters } from './attempt-counters';
import { AttemptLimits } from './attempt-limits';
import { CallLimits } from './call-limits';
import { KnownClients } from './known-clients';
import { RateLimitOptions } from './rate-limit.options';
import { RejectionDelay } from './rejection-delay';

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } =
  new ConfigurableModuleBuilder<RateLimitOptions>()
    .setClassMethodName('forRoot')
    .setExtras({}, (definition) => ({ ...definition, global: true }))
    .build();

/** Needs a `RedisClient` in the application (RedisModule is global). */
@Module({
  imports: [MetricsModule],
  providers: [
    { provide: RateLimitOptions, useExisting: MODULE_OPTIONS_TOKEN },
    AttemptCounters,
    KnownClients,
    AttemptLimits,
    CallLimits,
    RejectionDelay,
  ],
  exports: [AttemptLimits, CallLimits, RejectionDelay],
})
export class RateLimitModule extends ConfigurableModuleClass {}
