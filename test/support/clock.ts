import { Clock } from '../../libs/common/clock';

/** The machine's clock, moved by the test. */
export class MovableClock extends Clock {
  private offsetMs = 0;
  private stoppedAtMs: number | undefined;

  nowMs(): number {
    return this.stoppedAtMs ?? Date.now() + this.offsetMs;
  }

  /** Stops the clock there, for tests that need the exact millisecond. */
  stopAt(instantMs: number): void {
    this.stoppedAtMs = instantMs;
  }

  advance(ms: number): void {
    this.offsetMs += ms;
  }
}
