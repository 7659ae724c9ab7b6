import { Global, Module } from '@nestjs/common';
import { Metrics } from './metrics';

/** Makes `Metrics` injectable everywhere. Global, so that an application has one registry for all. */
@Global()
@Module({ providers: [Metrics], exports: [Metrics] })
export class MetricsModule {}
