import { Module } from '@nestjs/common';
import { ClockModule } from '#libs/common';
import { StatisticsService } from './statistics.service';

/** Needs a `RedisClient` in the application (RedisModule is global). */
@Module({ imports: [ClockModule], providers: [StatisticsService], exports: [StatisticsService] })
export class StatisticsModule {}
