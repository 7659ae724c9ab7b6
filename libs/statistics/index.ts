export { StatisticsModule } from './statistics.module';
export { StatisticsService, type SessionStatistics } from './statistics.service';
export { CACHED_PROFILES, STATISTICS_KEY, type StatisticsKind } from './statistics.keys';
