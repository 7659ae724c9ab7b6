import {
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import { DependencyUnavailableError } from '#libs/common';
import { serializeError } from '#libs/log';
import { Outbox } from './outbox';

const INTERVAL_MS = 60_000;

/**
 * Deletes outbox entries that no instance replays any more, once per minute. After an outage one run may take minutes.
 */
@Injectable()
export class OutboxPruner implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('OutboxPruner');
  private readonly stopping = new AbortController();
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;

  constructor(private readonly outbox: Outbox) {}

  onApplicationBootstrap(): void {
    this.start();
    this.timer = setInterval(() => this.start(), INTERVAL_MS).unref();
  }

  async onModuleDestroy(): Promise<void> {
    clearInterval(this.timer);
    this.stopping.abort();
    await this.running;
  }

  private start(): void {
    this.running ??= this.prune().finally(() => (this.running = undefined));
  }

  private async prune(): Promise<void> {
    const { signal } = this.stopping;
    try {
      await this.outbox.prune(signal);
    } catch (error) {
      // Another class logs the outage of Postgres, and the next run deletes the rest.
      if (!signal.aborted && !(error instanceof DependencyUnavailableError)) {
        this.logger.error({ err: serializeError(error) }, 'could not prune the outbox');
      }
    }
  }
}
