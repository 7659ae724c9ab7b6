import { setTimeout as pause } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { RateLimitOptions } from './rate-limit.options';

/** By which a refusal is held back: who asks again at once asks every other second. */
const REFUSAL_DELAY_MS = 2000;
const MAX_HELD_REFUSALS = 5000;

/** Makes refusals cost their sender time. */
@Injectable()
export class RejectionDelay {
  private held = 0;

  constructor(private readonly options: RateLimitOptions) {}

  /**
   * Resolves when a refusal may be answered. A flood that is refused for nothing would otherwise take the
   * time of everybody else; beyond some thousands it is refused at once.
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
