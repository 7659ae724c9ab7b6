export { StatisticsModule } from './statistics.module';
export { StatisticsService, type SessionStatistics } from './statistics.service';
export { RecountInterruptedError, StatisticsRecount, type Recounted } from './statistics-recount';
export { STATISTICS_KEY } from './statistics.keys';
