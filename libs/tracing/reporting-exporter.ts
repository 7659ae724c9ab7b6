import { Logger } from '@nestjs/common';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace-node';
import { errorText } from '#libs/log';

/** Code of a result that says that the spans were taken. */
const SUCCESS = 0;

/** Says once that spans are not taken, and once that they are again. Spans that were not are lost. */
export class ReportingExporter implements SpanExporter {
  private readonly logger = new Logger('Tracing');
  private failing = false;

  constructor(private readonly exporter: SpanExporter) {}

  export(spans: ReadableSpan[], callback: Parameters<SpanExporter['export']>[1]): void {
    this.exporter.export(spans, (result) => {
      this.report((result.code as number) === SUCCESS, result.error);
      callback(result);
    });
  }

  async shutdown(): Promise<void> {
    await this.exporter.shutdown();
  }

  async forceFlush(): Promise<void> {
    await this.exporter.forceFlush?.();
  }

  private report(succeeded: boolean, error: Error | undefined): void {
    if (succeeded && this.failing) {
      this.logger.log('traces are exported again');
    } else if (!succeeded && !this.failing) {
      this.logger.warn(
        `traces are lost: ${error ? errorText(error) : 'the collector does not take them'}`,
      );
    }
    this.failing = !succeeded;
  }
}
