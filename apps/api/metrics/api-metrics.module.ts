import { Module, type DynamicModule } from '@nestjs/common';
import { AuditModule } from '#libs/audit';
import type { Settings } from '#libs/config';
import { MetricsModule } from '#libs/metrics';
import { MetricsAccess } from './metrics-access';
import { MetricsController } from './metrics.controller';
import { MetricsListener } from './metrics-listener';
import { AuditEventCounter } from './audit-event-counter';

/** Serves metrics on the port of the API or on a port of their own. */
@Module({ imports: [AuditModule, MetricsModule], providers: [MetricsAccess, AuditEventCounter] })
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
