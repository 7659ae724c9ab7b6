/** Milliseconds between two lines. */
const PERIOD_MS = 60_000;

export interface ThrottledLogOptions {
  periodMs?: number;
  /** The monotonic clock, in milliseconds. */
  now?: () => number;
}

/**
 * Throttles lines of one kind: the first is written, then one per minute, with the number of the omitted lines as
 * `suppressed`.
 */
export class ThrottledLog {
  private readonly periodMs: number;
  private readonly now: () => number;
  private writtenMs = -Infinity;
  private suppressed = 0;

  /** @param writeLine writes to the logger, at the level of these lines. */
  constructor(
    private readonly writeLine: (fields: Record<string, unknown>, message: string) => void,
    { periodMs = PERIOD_MS, now = () => performance.now() }: ThrottledLogOptions = {},
  ) {
    this.periodMs = periodMs;
    this.now = now;
  }

  /** @returns whether the line was written. */
  write(fields: Record<string, unknown>, message: string): boolean {
    const nowMs = this.now();
    if (nowMs - this.writtenMs < this.periodMs) {
      this.suppressed += 1;
      return false;
    }
    const { suppressed } = this;
    this.writtenMs = nowMs;
    this.suppressed = 0;
    this.writeLine(suppressed === 0 ? fields : { ...fields, suppressed }, message);
    return true;
  }
}
