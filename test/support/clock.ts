import { Clock } from '../../libs/common/clock';

/** The machine's clock, moved by the test. */
export class MovableClock extends Clock {
  private offsetMs = 0;

  nowMs(): number {
    return Date.now() + this.offsetMs;
  }

  /** It goes on from there. */
  setTo(instantMs: number): void {
    this.offsetMs = instantMs - Date.now();
  }

  advance(ms: number): void {
    this.offsetMs += ms;
  }
}
