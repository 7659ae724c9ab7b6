import { Module } from '@nestjs/common';
import { ClockModule } from '#libs/common';
import { StatisticsRecount } from './statistics-recount';
import { StatisticsService } from './statistics.service';

/** Needs a `RedisClient` in the application (RedisModule is global). */
@Module({
  imports: [ClockModule],
  providers: [StatisticsService, StatisticsRecount],
  exports: [StatisticsService, StatisticsRecount],
})
export class StatisticsModule {}
