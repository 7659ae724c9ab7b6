import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { StatisticsModule } from '#libs/statistics';
import { LifecycleModule } from '../lifecycle/lifecycle.module';
import { AuthHealthController } from './auth-health.controller';
import { HealthMetrics } from './health-metrics';
import { HealthTimings } from './health-timings';
import { HealthController } from './health.controller';
import { PostgresHealth } from './postgres.health';
import { Readiness } from './readiness';
import { RedisHealth } from './redis.health';
import { ShutdownHealth } from './shutdown.health';

/** Probes for Kubernetes and the report for operators. */
@Module({
  imports: [LifecycleModule, StatisticsModule, TerminusModule.forRoot({ logger: false })],
  controllers: [AuthHealthController, HealthController],
  providers: [HealthMetrics, HealthTimings, PostgresHealth, Readiness, RedisHealth, ShutdownHealth],
  exports: [Readiness],
})
export class HealthApiModule {}
