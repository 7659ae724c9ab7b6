export { StatisticsModule } from './statistics.module';
export { StatisticsService, type SessionStatistics } from './statistics.service';
export { STATISTICS_KEY } from './statistics.keys';
