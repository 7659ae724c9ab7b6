import { NoTracer, type Tracer } from './tracer';

export interface TracingOptions {
  /** Of an OTLP collector over HTTP; traces are sent to `/v1/traces` below it. */
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
  /** For the samplers by ratio: the share of traces that is recorded. */
  samplerRatio: number;
  /** The path of the public address, such as `/auth`, which a proxy may pass on. None when absent. */
  publicPath?: string;
}

/** One per process: the instrumentation of HTTP and Postgres patches their modules for all users. */
let current: Tracer = new NoTracer();

/**
 * Starts tracing. Call it before `node:http` or the Postgres driver are loaded: they are patched while they load.
 * Without this call, only the API package of OpenTelemetry is loaded.
 */
export function startTracing(options: TracingOptions): void {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- a static import would load it.
  const { openTelemetryTracer } = require('./open-telemetry') as typeof import('./open-telemetry');
  current = openTelemetryTracer(options);
}

export function processTracer(): Tracer {
  return current;
}
