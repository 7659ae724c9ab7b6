import { Module, type DynamicModule } from '@nestjs/common';
import type { Settings } from '#libs/config';
import { MetricsModule } from '#libs/metrics';
import { MetricsAccess } from './metrics-access';
import { MetricsController } from './metrics.controller';
import { MetricsListener } from './metrics-listener';

/** Serves metrics: beside the API, or at a port of their own. */
@Module({ imports: [MetricsModule], providers: [MetricsAccess] })
export class ApiMetricsModule {
  static forRoot({ metricsPort }: Settings): DynamicModule {
    return {
      module: ApiMetricsModule,
      ...(metricsPort === undefined
        ? { controllers: [MetricsController] }
        : { providers: [MetricsListener] }),
    };
  }
}
