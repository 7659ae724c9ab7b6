import { elapsedMs, type Clock, type Moment } from './clock.js';

/**
 * Decides whether the stream has named every end that is older than the bound. A heartbeat says: every end up to `asOfMs`
 * after the issuer received the request has been named. The verifier counts from the moment at which it sent the request,
 * which is earlier, so a delay on the way shortens the trust.
 */
export class StreamTrust {
  private complete: { sent: Moment; untilMs: number } | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly boundMs: number,
  ) {}

  /**
   * @param sent when the request of the stream was sent
   * @returns how far the stream is behind, in milliseconds
   */
  heartbeat(sent: Moment, asOfMs: number): number {
    const elapsed = elapsedMs(sent, this.clock.now());
    // A heartbeat names nothing that is later than its arrival, also if the clock of the issuer runs fast.
    this.complete = { sent, untilMs: Math.min(asOfMs, elapsed) };
    return Math.max(0, elapsed - asOfMs);
  }

  lose(): void {
    this.complete = undefined;
  }

  get isTrusted(): boolean {
    if (this.complete === undefined) {
      return false;
    }
    const { sent, untilMs } = this.complete;
    return elapsedMs(sent, this.clock.now()) < untilMs + this.boundMs;
  }
}
