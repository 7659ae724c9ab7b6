import type { Time } from '../../../packages/client/src/time';
import { until } from '../../support/until';

/** The time of a client that passes only when the test says so. */
export class ManualTime implements Time {
  private now = 0;
  private timers: { atMs: number; action: () => void }[] = [];

  nowMs(): number {
    return this.now;
  }

  after(ms: number, action: () => void): () => void {
    const timer = { atMs: this.now + ms, action };
    this.timers.push(timer);
    return () => {
      this.timers = this.timers.filter((other) => other !== timer);
    };
  }

  advance(ms: number): void {
    this.now += ms;
    const due = this.timers.filter(({ atMs }) => atMs <= this.now);
    this.timers = this.timers.filter(({ atMs }) => atMs > this.now);
    due.forEach(({ action }) => action());
  }

  /** Waits until the client has set a timer of that length, and lets it run out. */
  async pass(ms: number): Promise<void> {
    await this.set(ms);
    this.advance(ms);
  }

  /** Waits until the client has set a timer that ends in that time. */
  async set(ms: number): Promise<void> {
    const lengths = () => this.timers.map(({ atMs }) => atMs - this.now);
    await until(`a timer of ${ms} ms is set`, lengths, (set) => set.includes(ms));
  }
}
