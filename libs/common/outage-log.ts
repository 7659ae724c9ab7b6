import type { Logger } from '@nestjs/common';

/** Milliseconds between two warnings about the same outage. */
const PERIOD_MS = 60_000;

export interface OutageLogOptions {
  periodMs?: number;
  /** The monotonic clock, in milliseconds. */
  now?: () => number;
}

/**
 * Logs the outages of one store: a warning when an outage begins, one for each new reason, and one per minute while it
 * lasts, with the number of failures since the last warning. All other failures are logged at `debug`.
 */
export class OutageLog {
  private readonly periodMs: number;
  private readonly now: () => number;
  private readonly reasons = new Set<string>();
  private beganMs: number | undefined;
  private warnedMs = 0;
  private failures = 0;

  /** @param store with a capital letter, as in the messages. */
  constructor(
    private readonly store: string,
    private readonly logger: Pick<Logger, 'warn' | 'log' | 'debug'>,
    { periodMs = PERIOD_MS, now = () => performance.now() }: OutageLogOptions = {},
  ) {
    this.periodMs = periodMs;
    this.now = now;
  }

  /**
   * Records a failure; an outage may have any number.
   * @param reason stable: each reason that is new in this outage is logged as a warning.
   * @param text the reason for people, without a full stop.
   */
  failed(reason: string, text: string): void {
    const nowMs = this.now();
    const isKnown = this.reasons.has(reason);
    if (isKnown && nowMs - this.warnedMs < this.periodMs) {
      this.failures += 1;
      this.logger.debug(`${this.store} is away: ${text}`);
      return;
    }
    this.beganMs ??= nowMs;
    this.logger.warn(`${this.store} is ${this.duration(nowMs, isKnown)}: ${text}`);
    this.reasons.add(reason);
    this.warnedMs = nowMs;
    this.failures = 0;
  }

  /** Records that the store answers. The next failure begins another outage. */
  ended(): void {
    if (this.beganMs !== undefined) {
      this.logger.log(`${this.store} answers again after ${seconds(this.now() - this.beganMs)}`);
    }
    this.beganMs = undefined;
    this.reasons.clear();
  }

  private duration(nowMs: number, isKnown: boolean): string {
    return isKnown && this.beganMs !== undefined
      ? `still away after ${seconds(nowMs - this.beganMs)}, ${this.failures} failures since the last warning`
      : 'away';
  }
}

function seconds(milliseconds: number): string {
  return `${Math.round(milliseconds / 100) / 10} s`;
}
