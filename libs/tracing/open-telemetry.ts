import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { registerInstrumentations } from '@opentelemetry/instrumentation';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { PgInstrumentation } from '@opentelemetry/instrumentation-pg';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  NodeTracerProvider,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  type Sampler,
} from '@opentelemetry/sdk-trace-node';
import { OpenTelemetryTracer } from './open-telemetry-tracer';
import type { TracingOptions } from './process-tracer';
import { ReportingExporter } from './reporting-exporter';
import { ScrubbingExporter } from './scrubbing-exporter';

/** Milliseconds after which a batch of spans is dropped, retries included. */
const EXPORT_TIMEOUT_MS = 5000;

/** Polled by machines every few seconds: traces of them are of no use. */
const UNTRACED = /^\/(health|metrics)\b/;

/** Sets OpenTelemetry up, once for the whole process. */
export function openTelemetryTracer(options: TracingOptions): OpenTelemetryTracer {
  const { endpoint, serviceName, serviceVersion, publicPath = '' } = options;
  const exporter = new OTLPTraceExporter({
    url: `${endpoint.replace(/\/+$/, '')}/v1/traces`,
    timeoutMillis: EXPORT_TIMEOUT_MS,
  });
  const provider = new NodeTracerProvider({
    resource: resourceFromAttributes({
      'service.name': serviceName,
      'service.version': serviceVersion,
    }),
    sampler: samplerOf(options),
    spanProcessors: [
      new BatchSpanProcessor(new ReportingExporter(new ScrubbingExporter(exporter)), {
        exportTimeoutMillis: 2 * EXPORT_TIMEOUT_MS,
      }),
    ],
  });
  provider.register();
  registerInstrumentations({
    tracerProvider: provider,
    instrumentations: [
      new HttpInstrumentation({
        disableOutgoingRequestInstrumentation: true,
        ignoreIncomingRequestHook: ({ url = '' }) => isUntraced(url, publicPath),
      }),
      new PgInstrumentation({ requireParentSpan: true, ignoreConnectSpans: true }),
    ],
  });
  return new OpenTelemetryTracer(provider);
}

/** Runs before the target is mapped to a route. */
function isUntraced(target: string, publicPath: string): boolean {
  return UNTRACED.test(target.startsWith(publicPath) ? target.slice(publicPath.length) : target);
}

function samplerOf({ sampler, samplerRatio }: TracingOptions): Sampler {
  switch (sampler) {
    case 'always_on':
      return new AlwaysOnSampler();
    case 'always_off':
      return new AlwaysOffSampler();
    case 'traceidratio':
      return new TraceIdRatioBasedSampler(samplerRatio);
    case 'parentbased_always_on':
      return new ParentBasedSampler({ root: new AlwaysOnSampler() });
    case 'parentbased_always_off':
      return new ParentBasedSampler({ root: new AlwaysOffSampler() });
    case 'parentbased_traceidratio':
      return new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(samplerRatio) });
  }
}
