import { setTimeout as pause } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { RateLimitOptions } from './rate-limit.options';

/** Delay of a refusal: a client that repeats immediately makes one attempt every two seconds. */
const REFUSAL_DELAY_MS = 2000;
const MAX_HELD_REFUSALS = 5000;

/** Delays refusals, so that they cost their sender time. */
@Injectable()
export class RejectionDelay {
  private held = 0;

  constructor(private readonly options: RateLimitOptions) {}

  /**
   * Resolves when a refusal may be answered. Without a delay a flood of refusals would use up the capacity of the
   * process. Beyond some thousands of delayed refusals the next is answered immediately.
   */
  async delayRejection(): Promise<void> {
    if (!this.options.enabled || this.held >= MAX_HELD_REFUSALS) {
      return;
    }
    this.held += 1;
    await pause(REFUSAL_DELAY_MS);
    this.held -= 1;
  }
}
