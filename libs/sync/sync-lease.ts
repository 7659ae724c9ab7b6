import { endedWithin } from '#libs/common';
import { type SyncTimings } from './sync-timings';

/** The lease at one moment. Take it BEFORE reading Postgres for a write to Redis. */
export interface HeldLease {
  readonly epoch: string;
  /**
   * By the clock of the Redis server; Unix time in ms. After it, a script that opens or refreshes a session refuses to:
   * the process may have stalled, and Postgres may have changed.
   */
  readonly writeUntilMs: number;
}

/**
 * The right of this instance to answer from one partition of Redis: for 1 s from the start of a complete poll of the
 * outbox, because the partition then held every committed change. Measured on the monotonic clock: a step of the system
 * clock changes nothing.
 */
export class SyncLease {
  private held: HeldLease | null = null;
  private untilMs = 0;
  private pollFreshUntilMs = 0;
  private revocations = 0;
  private lastEpoch: string | null = null;
  private readonly waiting = new Set<(epoch: string) => void>();
  private readonly revokedListeners: (() => void)[] = [];

  constructor(private readonly timings: SyncTimings) {}

  /** The lease, or null while Redis may be stale. Costs one read of the clock. */
  current(): HeldLease | null {
    return performance.now() < this.untilMs ? this.held : null;
  }

  /** The epoch in which Redis is in sync, or null while it may be stale. */
  epoch(): string | null {
    return this.current()?.epoch ?? null;
  }

  /** The epoch of the lease, even if the lease has expired; null after a revocation. */
  heldEpoch(): string | null {
    return this.held?.epoch ?? null;
  }

  /**
   * Whether the last complete poll of the outbox began within the lease. Unlike the lease, this ends while Postgres
   * cannot be read.
   */
  isPollFresh(): boolean {
    return performance.now() < this.pollFreshUntilMs;
  }

  /** Changes each time the lease is revoked. Take it before reading the outbox, for `acquire` and `renew`. */
  term(): number {
    return this.revocations;
  }

  /**
   * Acquires the lease.
   * @param term as of `beganMs`; if the lease was revoked since, it is not acquired.
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

  /**
   * Prolongs the lease; parameters as of `acquire`.
   * @param polled whether the outbox was read completely.
   * @returns for how long the lease had expired, in milliseconds; 0 if it had not.
   */
  renew(term: number, beganMs: number, redisNowMs: number, polled: boolean): number {
    if (term !== this.revocations || !this.held) {
      return 0;
    }
    const gapMs = Math.max(0, Math.round(performance.now() - this.untilMs));
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
    return gapMs;
  }

  /**
   * Revokes the lease: Redis may be stale until it has caught up.
   * @returns whether it was held.
   */
  revoke(): boolean {
    const wasHeld = this.held !== null;
    this.revocations += 1;
    this.held = null;
    this.untilMs = 0;
    this.pollFreshUntilMs = 0;
    this.revokedListeners.forEach((listener) => listener());
    return wasHeld;
  }

  /** @param listener called at each revocation, even if no lease was held. */
  onRevoked(listener: () => void): void {
    this.revokedListeners.push(listener);
  }

  /** Resolves once the lease is held, immediately if it is. Never rejects. */
  async acquired(): Promise<void> {
    if (this.epoch() === null) {
      await this.nextEpoch(() => true).promise;
    }
  }

  /**
   * For a committed change that could not be written to Redis: revokes the lease, and resolves when Redis has caught
   * up, or when the lease of every instance that may lack the change has expired. At most the lease, 1 s. A new epoch
   * is not enough: Redis need not have the change in it, and other instances may not have read it.
   */
  async waitUntilConsistent(): Promise<void> {
    const epochBefore = this.lastEpoch;
    this.revoke();
    const caughtUp = this.nextEpoch((epoch) => epoch === epochBefore);
    await endedWithin(caughtUp.promise, this.timings.leaseMs);
    caughtUp.cancel();
  }

  /** The end of the lease by the clock of Redis. It is earlier by the time that the reply of Redis took. */
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
