import { setTimeout as pause } from 'node:timers/promises';
import { elapsedMs, type Clock, type Moment } from './clock.js';
import type { Report } from './events.js';
import { basicCredentials, type Settings } from './options.js';
import type { StreamMessage } from './stream-message.js';
import { readStream, StreamEndedError } from './stream-request.js';

const REVOCATIONS = 'api/auth/revocations';
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 10_000;
const LONGEST_RETRY_AFTER_SECONDS = 60;
/** The clocks of two machines drift apart, so a connection counts from a new request after this time. */
const RENEWAL_MS = 15 * 60_000;

interface Connection {
  /** When its request was sent. */
  sent: Moment;
  abort: AbortController;
  isOpen: boolean;
  /** When the last message arrived. */
  heard: Moment;
  hasHeartbeat: boolean;
}

/** @param sent when the request was sent that the message answers */
export type OnMessage = (message: StreamMessage, sent: Moment) => void;

/** Keeps one connection to the stream, and resumes where the last one ended. */
export class RevocationStream {
  private readonly closed = new AbortController();
  private connection: Connection | undefined;
  /** The position to resume from. None: what was named before is not repeated. */
  private position: string | undefined;
  /** Connections in a row that ended without a heartbeat. */
  private failures = 0;

  constructor(
    private readonly settings: Settings,
    private readonly clock: Clock,
    private readonly report: Report,
    private readonly onMessage: OnMessage,
  ) {}

  /** Connects, and again after each end, until `close`. */
  async run(): Promise<void> {
    while (!this.isClosed()) {
      const ended = await this.readOnce();
      if (!this.isClosed()) {
        await this.pauseAfter(ended);
      }
    }
  }

  /**
   * Ends a connection that is useless or old. To be called several times per second.
   * @param isTrusted whether the stream has been heard within the bound
   */
  supervise(isTrusted: boolean): void {
    if (this.connection === undefined) {
      return;
    }
    const { sent, heard, isOpen, hasHeartbeat, abort } = this.connection;
    const { boundMs } = this.settings;
    const now = this.clock.now();
    const ageMs = elapsedMs(sent, now);
    // Without a response soon, another instance may answer within the bound.
    if (elapsedMs(heard, now) > (isOpen ? boundMs : boundMs / 2)) {
      abort.abort(new StreamEndedError('the stream was silent'));
    } else if (hasHeartbeat && !isTrusted && ageMs > boundMs) {
      abort.abort(new StreamEndedError('the stream was late'));
    } else if (ageMs > RENEWAL_MS) {
      abort.abort(new StreamEndedError('the connection was renewed', { isAskedFor: true }));
    }
  }

  close(): void {
    this.closed.abort();
    this.connection?.abort.abort(new StreamEndedError('the verifier was closed'));
  }

  private async readOnce(): Promise<StreamEndedError> {
    const resumed = this.position !== undefined;
    const abort = new AbortController();
    const sent = this.clock.now();
    const connection = { sent, abort, isOpen: false, heard: sent, hasHeartbeat: false };
    const onOpen = () => {
      connection.isOpen = true;
      connection.heard = this.clock.now();
      this.report({ type: 'stream_connected', resumed });
    };
    const onMessage = (message: StreamMessage) => this.receive(message, connection);
    this.connection = connection;
    try {
      const url = new URL(REVOCATIONS, this.settings.url);
      return await readStream(url, this.requestHeaders(), abort.signal, onOpen, onMessage);
    } catch (error) {
      const reason: unknown = abort.signal.aborted ? abort.signal.reason : error;
      return reason instanceof StreamEndedError ? reason : new StreamEndedError(String(reason));
    } finally {
      this.connection = undefined;
      this.failures = connection.hasHeartbeat ? 0 : this.failures + 1;
    }
  }

  private isClosed(): boolean {
    return this.closed.signal.aborted;
  }

  private async pauseAfter(ended: StreamEndedError): Promise<void> {
    const retryInMs = this.pauseMsAfter(ended);
    this.report({ type: 'stream_lost', reason: ended.message, retryInMs });
    const waiting = pause(retryInMs, undefined, { ref: false, signal: this.closed.signal });
    await waiting.catch(() => undefined);
  }

  private receive(message: StreamMessage, connection: Connection): void {
    connection.heard = this.clock.now();
    if (message.type === 'heartbeat') {
      this.position = message.position;
      connection.hasHeartbeat = true;
    } else if (message.type === 'reset') {
      this.position = undefined;
    } else if (message.type === 'reconnect') {
      connection.abort.abort(
        new StreamEndedError('the issuer asked for a new connection', { isAskedFor: true }),
      );
    }
    this.onMessage(message, connection.sent);
  }

  private requestHeaders(): Record<string, string> {
    return {
      authorization: basicCredentials(this.settings),
      accept: 'text/event-stream',
      'cache-control': 'no-store',
      ...(this.position !== undefined && { 'last-event-id': this.position }),
    };
  }

  /** None after `reconnect`, or a renewal; else jittered, first 25 to 50 ms, doubled up to 10 s. */
  private pauseMsAfter({ retryAfterSeconds, isAskedFor }: StreamEndedError): number {
    if (isAskedFor && this.failures === 0) {
      return 0;
    }
    const most = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.failures);
    const atLeast = Math.min(retryAfterSeconds, LONGEST_RETRY_AFTER_SECONDS) * 1_000;
    return Math.max(atLeast, Math.round((most * (1 + Math.random())) / 2));
  }
}
