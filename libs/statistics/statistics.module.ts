import { Module } from '@nestjs/common';
import { ClockModule } from '#libs/common';
import { MetricsModule } from '#libs/metrics';
import { StatisticsService } from './statistics.service';

/** Needs a `RedisClient` in the application (RedisModule is global). */
@Module({
  imports: [ClockModule, MetricsModule],
  providers: [StatisticsService],
  exports: [StatisticsService],
})
export class StatisticsModule {}
