import { Global, Module } from '@nestjs/common';
import { Metrics } from './metrics';

/** Provides `Metrics` globally: an application has one registry. */
@Global()
@Module({ providers: [Metrics], exports: [Metrics] })
export class MetricsModule {}
