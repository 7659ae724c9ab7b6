import { Injectable, Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { errorText } from '#libs/log';
import { OverloadedError } from '#libs/common';
import { Settings } from '#libs/config';
import { Metrics } from '#libs/metrics';
import { revocationOf } from '#libs/session';
import {
  formatCheckpoint,
  OutboxFeed,
  parseCheckpoint,
  type Checkpoint,
  type OutboxPage,
  type RecordedEntry,
} from '#libs/sync';
import { HttpTraffic } from '../lifecycle/http-traffic';
import { revocationEvents } from './revocation-events';
import { RevocationSubscriber } from './revocation-subscriber';

/** The open streams of revocations. One read of the outbox serves all of them. */
@Injectable()
export class RevocationStreams implements OnModuleInit, OnModuleDestroy {
  private readonly logger = new Logger('RevocationStreams');
  private readonly subscribers = new Set<RevocationSubscriber>();

  constructor(
    private readonly feed: OutboxFeed,
    private readonly traffic: HttpTraffic,
    private readonly settings: Settings,
    private readonly metrics: Metrics,
  ) {}

  onModuleInit(): void {
    this.feed.onRead({
      read: (page) => this.send(page),
      complete: (checkpoint, asOfMs) => {
        const id = formatCheckpoint(checkpoint);
        this.subscribers.forEach((one) => one.heartbeat(id, asOfMs));
      },
      reset: () => {
        const reset = revocationEvents.reset('outbox_lost');
        this.subscribers.forEach((one) => one.send(reset));
      },
    });
    this.traffic.onEnd(() => this.end());
    this.metrics.revocations.watchSubscribers(() => this.subscribers.size);
  }

  onModuleDestroy(): void {
    this.end();
  }

  /**
   * @param lastEventId where the client has left off, as it says; null for a client that begins.
   * @throws OverloadedError; DependencyUnavailableError if this process does not read the outbox at the moment.
   */
  async open(lastEventId: string | null): Promise<RevocationSubscriber> {
    await this.feed.start();
    if (this.subscribers.size >= this.settings.maxRevocationSubscribers || this.traffic.isClosed) {
      throw new OverloadedError();
    }
    const subscriber = new RevocationSubscriber(lastEventId !== null);
    // Before it catches up: it gets all that is read from now on.
    this.subscribers.add(subscriber);
    subscriber.onClosed(() => this.subscribers.delete(subscriber));
    if (lastEventId !== null) {
      this.resume(subscriber, parseCheckpoint(lastEventId)).catch((error: unknown) => {
        this.logger.warn(`a subscriber could not be brought up to date: ${errorText(error)}`);
        subscriber.cut();
      });
    }
    return subscriber;
  }

  private async resume(subscriber: RevocationSubscriber, from: Checkpoint | null): Promise<void> {
    await subscriber.catchUp(textOf(from ? this.feed.resume(from) : [null]));
  }

  private send({ entries, nowMs }: OutboxPage): void {
    const events = eventsOf(entries);
    if (events === '' || this.subscribers.size === 0) {
      return;
    }
    this.subscribers.forEach((one) => one.send(events));
    for (const { recordedAtMs } of entries.filter(revocationOf)) {
      this.metrics.revocations.streamed(Math.max(0, nowMs - recordedAtMs));
    }
  }

  private end(): void {
    const reconnect = revocationEvents.reconnect();
    this.subscribers.forEach((one) => one.end(reconnect));
  }
}

function eventsOf(entries: readonly RecordedEntry[]): string {
  return entries
    .map((entry) => {
      const revocation = revocationOf(entry);
      return revocation ? revocationEvents.revocation(revocation) : '';
    })
    .join('');
}

async function* textOf(
  pages: AsyncIterable<RecordedEntry[] | null> | Iterable<null>,
): AsyncGenerator<string> {
  for await (const entries of pages) {
    yield entries ? eventsOf(entries) : revocationEvents.reset('not_resumable');
  }
}
