import { TimeoutError } from './errors.js';
import type { Time } from './time.js';

/** The time that a call may take. Its signal is aborted at the deadline, or when the caller aborts. */
export class Deadline {
  private readonly controller = new AbortController();
  private readonly atMs: number;
  private readonly cancelTimer: () => void;
  private readonly forward = (): void => this.controller.abort(this.outer?.reason);

  /** @param outer a signal of the caller. */
  constructor(
    private readonly time: Time,
    timeoutMs: number,
    private readonly outer?: AbortSignal,
  ) {
    this.atMs = time.nowMs() + timeoutMs;
    this.cancelTimer = time.after(timeoutMs, () =>
      this.controller.abort(new TimeoutError(timeoutMs)),
    );
    outer?.addEventListener('abort', this.forward);
    if (outer?.aborted) {
      this.forward();
    }
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  get remainingMs(): number {
    return this.atMs - this.time.nowMs();
  }

  /** Releases the timer. Call it when the call has ended. */
  end(): void {
    this.cancelTimer();
    this.outer?.removeEventListener('abort', this.forward);
  }
}
