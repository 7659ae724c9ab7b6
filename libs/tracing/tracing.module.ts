import { Global, Module } from '@nestjs/common';
import { processTracer } from './process-tracer';
import { Tracer } from './tracer';

/** Provides the `Tracer` of the process globally: without tracing, one that does nothing. */
@Global()
@Module({ providers: [{ provide: Tracer, useFactory: processTracer }], exports: [Tracer] })
export class TracingModule {}
