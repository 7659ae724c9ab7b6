import type { OnApplicationShutdown } from '@nestjs/common';
import {
  SpanKind as Kind,
  SpanStatusCode,
  trace,
  type Attributes,
  type Span,
  type Tracer as ApiTracer,
} from '@opentelemetry/api';
import type { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { DependencyUnavailableError, DomainError, endedWithin } from '#libs/common';
import { Tracer, type SpanKind } from './tracer';

/** Milliseconds that the last spans have to reach the collector at shutdown. */
const FLUSH_TIMEOUT_MS = 1000;

/** Spans by OpenTelemetry. Work outside of a traced request, such as background work, gets none. */
export class OpenTelemetryTracer extends Tracer implements OnApplicationShutdown {
  readonly isOn = true;
  private readonly tracer: ApiTracer;

  constructor(private readonly provider: NodeTracerProvider) {
    super();
    this.tracer = provider.getTracer('latchkey');
  }

  span<T>(name: string, kind: SpanKind, work: () => Promise<T>): Promise<T> {
    if (!trace.getActiveSpan()?.isRecording()) {
      return work();
    }
    return this.tracer.startActiveSpan(name, optionsOf(name, kind), async (span) => {
      try {
        return await work();
      } catch (error) {
        note(span, error);
        throw error;
      } finally {
        span.end();
      }
    });
  }

  nameRequest(method: string, route: string | undefined): void {
    const span = trace.getActiveSpan();
    if (span && route !== undefined) {
      span.updateName(`${method} ${route}`).setAttribute('http.route', route);
    }
  }

  traceId(): string | undefined {
    return trace.getActiveSpan()?.spanContext().traceId;
  }

  /** Sends the remaining spans, within a timeout. Never rejects. */
  async onApplicationShutdown(): Promise<void> {
    await endedWithin(this.provider.shutdown(), FLUSH_TIMEOUT_MS);
  }
}

function optionsOf(name: string, kind: SpanKind): { kind: Kind; attributes: Attributes } {
  return kind === 'redis'
    ? {
        kind: Kind.CLIENT,
        attributes: { 'db.system.name': 'redis', 'db.operation.name': name },
      }
    : { kind: Kind.INTERNAL, attributes: {} };
}

/** Records the class of an error: its message may quote input. */
function note(span: Span, error: unknown): void {
  span.setAttribute('error.type', error instanceof Error ? error.name : 'unknown');
  if (!(error instanceof DomainError) || error instanceof DependencyUnavailableError) {
    span.setStatus({ code: SpanStatusCode.ERROR });
  }
}
