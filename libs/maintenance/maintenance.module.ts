import { ConfigurableModuleBuilder, Module } from '@nestjs/common';
import { AuditModule } from '#libs/audit';
import { ClockModule } from '#libs/common';
import { MetricsModule } from '#libs/metrics';
import { StatisticsModule } from '#libs/statistics';
import { InvitationModule } from '#libs/user';
import { CleanUp } from './clean-up';
import { MaintenanceOptions } from './maintenance.options';
import { RedisCheck } from './redis-check';

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } =
  new ConfigurableModuleBuilder<MaintenanceOptions>()
    .setClassMethodName('forRoot')
    .setExtras({}, (definition) => ({ ...definition, global: true }))
    .build();

/** The jobs, without a schedule. Needs `SessionModule` and `AvatarModule` in the application. */
@Module({
  imports: [AuditModule, ClockModule, InvitationModule, MetricsModule, StatisticsModule],
  providers: [
    { provide: MaintenanceOptions, useExisting: MODULE_OPTIONS_TOKEN },
    CleanUp,
    RedisCheck,
  ],
  exports: [CleanUp, RedisCheck],
})
export class MaintenanceModule extends ConfigurableModuleClass {}
