import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

interface Value {
  stringValue?: string;
  intValue?: number;
}

interface OtlpSpan {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  kind: number;
  attributes: { key: string; value: Value }[];
  status: { code?: number; message?: string };
  events?: unknown[];
}

interface ExportRequest {
  resourceSpans: {
    resource: { attributes: { key: string; value: Value }[] };
    scopeSpans: { spans: OtlpSpan[] }[];
  }[];
}

/** A span as it arrived. */
export interface CollectedSpan {
  traceId: string;
  spanId: string;
  parentSpanId: string | undefined;
  name: string;
  kind: 'internal' | 'server' | 'client' | 'other';
  attributes: Record<string, string | number | undefined>;
  isError: boolean;
}

const KINDS: Record<number, CollectedSpan['kind']> = { 1: 'internal', 2: 'server', 3: 'client' };

/** An OpenTelemetry collector for OTLP over HTTP with JSON that keeps all requests. */
export class OtlpCollector {
  readonly spans: CollectedSpan[] = [];
  /** Every request, unchanged. */
  readonly requests: { path: string; body: string }[] = [];
  /** The resource of the latest request. */
  resource: Record<string, unknown> = {};
  /** The status of its answers. */
  status = 200;
  private isHung = false;

  private constructor(private readonly server: Server) {}

  static async start(): Promise<OtlpCollector> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const collector = new OtlpCollector(server);
    server.on('request', (request, response) => {
      void text(request).then((body) => {
        if (collector.isHung) {
          return;
        }
        collector.take(request.url ?? '', body);
        response.writeHead(collector.status, { 'content-type': 'application/json' }).end('{}');
      });
    });
    return collector;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** The spans of the traces that have a span of this name, by trace. */
  tracesWith(name: string): CollectedSpan[][] {
    const ids = new Set(this.spans.filter((span) => span.name === name).map((one) => one.traceId));
    return [...ids].map((id) => this.spans.filter(({ traceId }) => traceId === id));
  }

  /** Forgets what has arrived. */
  clear(): void {
    this.spans.length = 0;
    this.requests.length = 0;
    this.resource = {};
  }

  /** From now on requests are read and not answered. */
  hang(): void {
    this.isHung = true;
  }

  stop(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  private take(path: string, body: string): void {
    this.requests.push({ path, body });
    if (this.status !== 200) {
      return;
    }
    const { resourceSpans } = JSON.parse(body) as ExportRequest;
    for (const { resource, scopeSpans } of resourceSpans) {
      this.resource = toRecord(resource.attributes);
      this.spans.push(...scopeSpans.flatMap(({ spans }) => spans.map(toSpan)));
    }
  }
}

function toSpan(span: OtlpSpan): CollectedSpan {
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    parentSpanId: span.parentSpanId,
    name: span.name,
    kind: KINDS[span.kind] ?? 'other',
    attributes: toRecord(span.attributes),
    isError: span.status.code === 2,
  };
}

function toRecord(attributes: { key: string; value: Value }[]) {
  return Object.fromEntries(
    attributes.map(({ key, value }) => [key, value.stringValue ?? value.intValue]),
  );
}
