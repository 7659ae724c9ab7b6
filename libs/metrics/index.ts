export type { CallTimer } from './call-timer';
export type { RouteMetrics } from './http-metrics';
export type { JobOutcome } from './job-metrics';
export { Metrics } from './metrics';
export { MetricsModule } from './metrics.module';
export type { PostgresOperation } from './store-metrics';
