import { once } from 'node:events';
import { PassThrough } from 'node:stream';

/** Bytes that may wait for a client to read them. */
const MAX_WAITING_BYTES = 1024 * 1024;
/** Milliseconds in which a client must read what waits for it while missed events are sent. */
const READ_DEADLINE_MS = 10_000;

/** A client of the stream. What is written to it may repeat. */
export class RevocationSubscriber {
  /** The body of the answer. */
  readonly body = new PassThrough({ highWaterMark: MAX_WAITING_BYTES });
  private readonly beganMs = performance.now();
  private isUpToDate: boolean;

  /** @param isResuming whether events that it has missed are sent first: `catchUp`. */
  constructor(isResuming: boolean) {
    this.isUpToDate = !isResuming;
    // Makes the server send the head now.
    this.send('retry: 500\n\n');
  }

  onClosed(listener: () => void): void {
    this.body.once('close', listener);
  }

  /** Sends events, or disconnects a client that does not read them. */
  send(events: string): void {
    if (this.body.writableLength + this.body.readableLength > MAX_WAITING_BYTES) {
      this.body.destroy();
    } else if (this.body.writable) {
      this.body.write(events);
    }
  }

  /** Sends the events that the client has missed; only then heartbeats tell it that nothing is missing. */
  async catchUp(missed: AsyncIterable<string>): Promise<void> {
    for await (const events of missed) {
      this.send(events);
      if (this.body.writableNeedDrain) {
        await once(this.body, 'drain', { signal: AbortSignal.timeout(READ_DEADLINE_MS) });
      }
    }
    this.isUpToDate = true;
  }

  /**
   * @param id the position up to which it has all events.
   * @param asOfMs instant up to which that is so, by `performance.now()`.
   */
  heartbeat(id: string, asOfMs: number): void {
    const asOf = Math.floor(asOfMs - this.beganMs);
    if (this.isUpToDate && asOf >= 0) {
      this.send(`id: ${id}\nevent: heartbeat\ndata: {"asOf":${asOf}}\n\n`);
    }
  }

  /** Ends the answer, after a last event. */
  end(event: string): void {
    this.send(event);
    this.body.end();
  }

  /** Cuts the connection off: the client resumes from its last heartbeat. */
  cut(): void {
    this.body.destroy();
  }
}
