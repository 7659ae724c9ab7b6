import type { Logger } from '@nestjs/common';
import { DependencyUnavailableError } from '#libs/common';
import { serializeError } from '#libs/log';

/** Work in the background that is not begun again while it runs. What it throws is logged. */
export class OneAtATime {
  private running: Promise<void> | undefined;

  constructor(
    private readonly work: () => Promise<void>,
    private readonly logger: Logger,
  ) {}

  /** Begins the work, unless it is under way. */
  start(): void {
    this.running ??= this.run().finally(() => (this.running = undefined));
  }

  /** Resolves when nothing runs any more. */
  async ended(): Promise<void> {
    await this.running;
  }

  private async run(): Promise<void> {
    try {
      await this.work();
    } catch (error) {
      // A store that is away is told of elsewhere, and the work comes again.
      if (!(error instanceof DependencyUnavailableError)) {
        this.logger.error({ err: serializeError(error) }, 'background work failed');
      }
    }
  }
}
