import { setTimeout as pause } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { SyncTimings } from './sync-timings';

/** The lease as it was held at one moment. To be taken BEFORE the record is read for a write to Redis. */
export interface HeldLease {
  readonly era: string;
  /**
   * By the clock of the Redis server; milliseconds since the Unix epoch. A script that makes something alive
   * refuses to do so later: the process may have stood still since, and the record may have changed.
   */
  readonly writeUntilMs: number;
}

/**
 * Whether this process may believe what Redis says. It may while it knows, from a look into the
 * outbox no older than the lease, that Redis has every change of the record that concerns it.
 * Measured on the monotonic clock: a step of the wall clock changes nothing.
 */
@Injectable()
export class RedisTrust {
  private readonly logger = new Logger('RedisTrust');
  private current: HeldLease | null = null;
  private untilMs = 0;
  private pollFreshUntilMs = 0;
  private lost = 0;
  private lastEra: string | null = null;
  private readonly waiting = new Set<(era: string) => void>();
  private readonly lossListeners: (() => void)[] = [];

  constructor(private readonly timings: SyncTimings) {}

  /** The lease, or null while Redis is not in sync. Costs a look at the clock. */
  lease(): HeldLease | null {
    return performance.now() < this.untilMs ? this.current : null;
  }

  /** The era in which Redis is believed, or null while it is not. */
  era(): string | null {
    return this.lease()?.era ?? null;
  }

  /** The era, whether or not the lease has run out; null after a loss. */
  heldEra(): string | null {
    return this.current?.era ?? null;
  }

  /**
   * Whether the last complete poll of the outbox began within the lease. Unlike the lease this ends while Postgres
   * cannot be read.
   */
  isPollFresh(): boolean {
    return performance.now() < this.pollFreshUntilMs;
  }

  /** How often trust was lost. To be taken before the outbox is read, and given to `gain`, `renew`. */
  losses(): number {
    return this.lost;
  }

  /**
   * Believes Redis from now on.
   * @param losses as it was when `beganMs` was; if trust was lost since, nothing is gained.
   * @param beganMs `performance.now()` before the outbox was read.
   * @param redisNowMs the clock of the Redis server after that; milliseconds since the Unix epoch.
   */
  gain(era: string, losses: number, beganMs: number, redisNowMs: number): boolean {
    if (losses !== this.lost) {
      return false;
    }
    this.current = { era, writeUntilMs: this.writeUntilMs(beganMs, redisNowMs) };
    this.lastEra = era;
    this.untilMs = beganMs + this.timings.leaseMs;
    this.pollFreshUntilMs = this.untilMs;
    this.tellWaiting(era);
    return true;
  }

  /** Prolongs the lease; parameters as of `gain`. @param polled whether the outbox was read, to its end. */
  renew(losses: number, beganMs: number, redisNowMs: number, polled: boolean): void {
    if (losses !== this.lost || !this.current) {
      return;
    }
    const gapMs = Math.round(performance.now() - this.untilMs);
    if (gapMs > 0) {
      this.logger.warn(`Redis was not believed for ${gapMs} ms: a look into the outbox came late`);
    }
    this.untilMs = Math.max(this.untilMs, beganMs + this.timings.leaseMs);
    if (polled) {
      this.pollFreshUntilMs = Math.max(this.pollFreshUntilMs, beganMs + this.timings.leaseMs);
    }
    const { writeUntilMs } = this.current;
    const until = Math.max(writeUntilMs, this.writeUntilMs(beganMs, redisNowMs));
    this.current = { ...this.current, writeUntilMs: until };
    const era = this.era();
    if (era !== null) {
      this.tellWaiting(era);
    }
  }

  /**
   * Does not believe Redis until it has been brought up to date.
   * @param level `log` where the outage that is the reason has a warning of its own.
   */
  lose(reason: string, level: 'warn' | 'log' = 'warn'): void {
    if (this.current !== null) {
      this.logger[level](`Redis is not believed: ${reason}; Postgres answers`);
    }
    this.lost += 1;
    this.current = null;
    this.untilMs = 0;
    this.pollFreshUntilMs = 0;
    this.lossListeners.forEach((listener) => listener());
  }

  /** @param listener called when trust is lost, also when there was none any more. */
  onLoss(listener: () => void): void {
    this.lossListeners.push(listener);
  }

  /** Resolves when Redis is believed, at once if it is. Never rejects. */
  async gained(): Promise<void> {
    if (this.era() === null) {
      await this.nextGain(() => true).promise;
    }
  }

  /**
   * For a change that is recorded and could not be brought to Redis: stops believing, and resolves
   * when Redis has it, or when no instance can believe a Redis without it any more. At most the
   * lease. A new era does not do: in it Redis need not have the change, and others may not know of it.
   */
  async settle(): Promise<void> {
    const eraBefore = this.lastEra;
    this.lose('it lacks a recorded change', 'log');
    const caughtUp = this.nextGain((era) => era === eraBefore);
    const timer = new AbortController();
    const lease = pause(this.timings.leaseMs, undefined, { signal: timer.signal });
    await Promise.race([caughtUp.promise, lease.catch(() => undefined)]);
    timer.abort();
    caughtUp.cancel();
  }

  /** When the lease ends by the clock of Redis, or earlier: as much earlier as its answer was under way. */
  private writeUntilMs(beganMs: number, redisNowMs: number): number {
    const sinceMs = performance.now() - beganMs;
    return Math.floor(redisNowMs - sinceMs + this.timings.leaseMs);
  }

  private tellWaiting(era: string): void {
    this.waiting.forEach((listener) => listener(era));
  }

  private nextGain(isWanted: (era: string) => boolean) {
    let cancel = () => undefined as unknown;
    const promise = new Promise<void>((resolve) => {
      const listener = (era: string) => {
        if (isWanted(era)) {
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
