export { processTracer, startTracing, type TracingOptions } from './process-tracer';
export { NoTracer, Tracer, type SpanKind } from './tracer';
export { TracingModule } from './tracing.module';
