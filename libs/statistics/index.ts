export { StatisticsModule } from './statistics.module';
export { StatisticsService, type SessionStatistics } from './statistics.service';
export { CACHED_PROFILES, type StatisticsKind } from './statistics.kinds';
