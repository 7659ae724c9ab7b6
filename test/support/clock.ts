import { Clock } from '../../libs/common/clock';

/** The machine's clock, moved by the test. */
export class MovableClock extends Clock {
  private offsetMs = 0;
  private stoppedAtMs: number | undefined;

  nowMs(): number {
    return this.stoppedAtMs ?? Date.now() + this.offsetMs;
  }

  /** It stands still there: what has to be right to the millisecond cannot wait for a clock that goes on. */
  stopAt(instantMs: number): void {
    this.stoppedAtMs = instantMs;
  }

  advance(ms: number): void {
    this.offsetMs += ms;
  }
}
