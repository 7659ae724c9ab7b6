import { Injectable, Logger } from '@nestjs/common';
import { endedWithin } from '#libs/common';
import { SyncTimings } from './sync-timings';

/** The lease as it was held at one moment. To be taken BEFORE Postgres is read for a write to Redis. */
export interface HeldLease {
  readonly epoch: string;
  /**
   * By the clock of the Redis server; Unix time in ms. A script that makes something alive refuses to do so later:
   * the process may have stood still since, and Postgres may have changed.
   */
  readonly writeUntilMs: number;
}

/**
 * How long this instance may go by Redis: for 1 s from the start of a complete poll of the outbox, since Redis then held
 * every change that Postgres had. Measured on the monotonic clock: a step of the wall clock changes nothing.
 */
@Injectable()
export class SyncLease {
  private readonly logger = new Logger('SyncLease');
  private held: HeldLease | null = null;
  private untilMs = 0;
  private pollFreshUntilMs = 0;
  private revocations = 0;
  private lastEpoch: string | null = null;
  private readonly waiting = new Set<(epoch: string) => void>();
  private readonly revokedListeners: (() => void)[] = [];

  constructor(private readonly timings: SyncTimings) {}

  /** The lease, or null while Redis may be stale. Costs a look at the clock. */
  current(): HeldLease | null {
    return performance.now() < this.untilMs ? this.held : null;
  }

  /** The epoch in which Redis is in sync, or null while it may be stale. */
  epoch(): string | null {
    return this.current()?.epoch ?? null;
  }

  /** The epoch of the lease, whether or not that has run out; null after it was revoked. */
  heldEpoch(): string | null {
    return this.held?.epoch ?? null;
  }

  /**
   * Whether the last complete poll of the outbox began within the lease. Unlike the lease this ends while Postgres
   * cannot be read.
   */
  isPollFresh(): boolean {
    return performance.now() < this.pollFreshUntilMs;
  }

  /** Changes whenever the lease is revoked. To be taken before the outbox is read, for `acquire` and `renew`. */
  term(): number {
    return this.revocations;
  }

  /**
   * Takes the lease.
   * @param term as it was when `beganMs` was; if the lease was revoked since, it is not taken.
   * @param beganMs `performance.now()` before the outbox was read.
   * @param redisNowMs the clock of the Redis server after that; Unix time in ms.
   */
  acquire(epoch: string, term: number, beganMs: number, redisNowMs: number): boolean {
    if (term !== this.revocations) {
      return false;
    }
    this.held = { epoch, writeUntilMs: this.writeUntilMs(beganMs, redisNowMs) };
    this.lastEpoch = epoch;
    this.untilMs = beganMs + this.timings.leaseMs;
    this.pollFreshUntilMs = this.untilMs;
    this.wakeWaiting(epoch);
    return true;
  }

  /** Prolongs the lease; parameters as of `acquire`. @param polled whether the outbox was read, to its end. */
  renew(term: number, beganMs: number, redisNowMs: number, polled: boolean): void {
    if (term !== this.revocations || !this.held) {
      return;
    }
    const gapMs = Math.round(performance.now() - this.untilMs);
    if (gapMs > 0) {
      this.logger.warn(`Redis was stale for ${gapMs} ms: a poll of the outbox came late`);
    }
    this.untilMs = Math.max(this.untilMs, beganMs + this.timings.leaseMs);
    if (polled) {
      this.pollFreshUntilMs = Math.max(this.pollFreshUntilMs, beganMs + this.timings.leaseMs);
    }
    const { writeUntilMs } = this.held;
    const until = Math.max(writeUntilMs, this.writeUntilMs(beganMs, redisNowMs));
    this.held = { ...this.held, writeUntilMs: until };
    const epoch = this.epoch();
    if (epoch !== null) {
      this.wakeWaiting(epoch);
    }
  }

  /**
   * Gives the lease up: Redis may be stale until it has caught up.
   * @param level `log` where the outage that is the reason has a warning of its own.
   */
  revoke(reason: string, level: 'warn' | 'log' = 'warn'): void {
    if (this.held !== null) {
      this.logger[level](`Redis is stale: ${reason}; Postgres answers`);
    }
    this.revocations += 1;
    this.held = null;
    this.untilMs = 0;
    this.pollFreshUntilMs = 0;
    this.revokedListeners.forEach((listener) => listener());
  }

  /** @param listener called when the lease is revoked, also when none was held. */
  onRevoked(listener: () => void): void {
    this.revokedListeners.push(listener);
  }

  /** Resolves when the lease is held, at once if it is. Never rejects. */
  async acquired(): Promise<void> {
    if (this.epoch() === null) {
      await this.nextEpoch(() => true).promise;
    }
  }

  /**
   * For a committed change that Redis did not take: revokes the lease, and resolves when Redis has caught up, or when
   * the lease of every instance that may lack the change has run out. At most the lease, 1 s. A new epoch does not do: in
   * it Redis need not have the change, and other instances may not have read it.
   */
  async waitUntilConsistent(): Promise<void> {
    const epochBefore = this.lastEpoch;
    this.revoke('it lacks a committed change', 'log');
    const caughtUp = this.nextEpoch((epoch) => epoch === epochBefore);
    await endedWithin(caughtUp.promise, this.timings.leaseMs);
    caughtUp.cancel();
  }

  /** When the lease ends by the clock of Redis, or earlier: as much earlier as its answer was under way. */
  private writeUntilMs(beganMs: number, redisNowMs: number): number {
    const sinceMs = performance.now() - beganMs;
    return Math.floor(redisNowMs - sinceMs + this.timings.leaseMs);
  }

  private wakeWaiting(epoch: string): void {
    this.waiting.forEach((listener) => listener(epoch));
  }

  private nextEpoch(isWanted: (epoch: string) => boolean) {
    let cancel = () => undefined as unknown;
    const promise = new Promise<void>((resolve) => {
      const listener = (epoch: string) => {
        if (isWanted(epoch)) {
          this.waiting.delete(listener);
          resolve();
        }
      };
      this.waiting.add(listener);
      cancel = () => this.waiting.delete(listener);
    });
    return { promise, cancel };
  }
}
