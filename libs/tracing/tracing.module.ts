import { Global, Module } from '@nestjs/common';
import { processTracer } from './process-tracer';
import { Tracer } from './tracer';

/** Makes the `Tracer` of the process injectable everywhere: one that traces nothing, unless it was started. */
@Global()
@Module({ providers: [{ provide: Tracer, useFactory: processTracer }], exports: [Tracer] })
export class TracingModule {}
