import { NoTracer, type Tracer } from './tracer';

export interface TracingOptions {
  /** Of an OTLP collector over HTTP; traces go to `/v1/traces` below it. */
  endpoint: string;
  serviceName: string;
  serviceVersion: string;
  sampler:
    | 'always_on'
    | 'always_off'
    | 'traceidratio'
    | 'parentbased_always_on'
    | 'parentbased_always_off'
    | 'parentbased_traceidratio';
  /** Of the samplers by ratio: the share of traces that is recorded. */
  samplerRatio: number;
}

/** One for the process: what traces HTTP and Postgres changes their modules, for all that use them. */
let current: Tracer = new NoTracer();

/**
 * Traces from now on. To be called before anything loads `node:http` or the Postgres driver: they are
 * changed as they are loaded. Without this call nothing of OpenTelemetry is, but for its bare interface.
 */
export function startTracing(options: TracingOptions): void {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- a static import would load it.
  const { openTelemetryTracer } = require('./open-telemetry') as typeof import('./open-telemetry');
  current = openTelemetryTracer(options);
}

export function processTracer(): Tracer {
  return current;
}
