import { Logger } from '@nestjs/common';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace-node';
import { errorText } from '#libs/log';

/** Result code of an accepted export. */
const SUCCESS = 0;

/** Logs once that spans are rejected, and once that they are accepted again. Rejected spans are lost. */
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
        `traces are lost: ${error ? errorText(error) : 'the collector rejects them'}`,
      );
    }
    this.failing = !succeeded;
  }
}
