import { setTimeout as pause } from 'node:timers/promises';
import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Metrics } from '#libs/metrics';
import { RedisClient } from '#libs/redis';
import { CatchUp } from './catch-up';
import { OutboxPoller } from './outbox-poller';
import { PartitionsInSync } from './partitions-in-sync';
import { SyncLeases } from './sync-leases';
import { SyncTimings } from './sync-timings';

/** @returns whether it is to be repeated immediately. */
type Step = (signal: AbortSignal) => Promise<boolean>;

/**
 * Keeps Redis in sync with Postgres, and maintains the leases. Every 200 ms each instance polls the outbox once, applies
 * its entries to the partitions that are in sync, and advances their checkpoints. A partition that was unavailable or
 * has lost data catches up meanwhile, before its lease is acquired again; the others do not wait for it.
 */
@Injectable()
export class Synchroniser implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly stopping = new AbortController();
  private loops: Promise<unknown> | undefined;
  /** Ends the pauses of the loops. */
  private interrupted = new AbortController();

  constructor(
    private readonly redis: RedisClient,
    private readonly poller: OutboxPoller,
    private readonly catchUp: CatchUp,
    private readonly partitions: PartitionsInSync,
    private readonly timings: SyncTimings,
    leases: SyncLeases,
    metrics: Metrics,
  ) {
    metrics.sync.watchSync(() => leases.areAllHeld(), timings.leaseMs);
  }

  onApplicationBootstrap(): void {
    this.redis.onDisconnected((partitions) =>
      this.partitions.revoke(partitions, 'it cannot be reached', 'log'),
    );
    this.redis.onConnected(() => this.wake());
    this.partitions.onLost(() => this.interrupted.abort());
    this.loops = Promise.all([
      this.repeat((signal) => this.poller.step(signal)),
      this.repeat((signal) => this.catchUp.step(signal)),
    ]);
  }

  async onModuleDestroy(): Promise<void> {
    this.partitions.stop();
    this.stopping.abort();
    this.interrupted.abort();
    await this.loops;
  }

  /** Delayed after a failure: a Redis that refuses every command reconnects repeatedly. */
  private wake(): void {
    if (performance.now() - this.partitions.failedAtMs > this.timings.intervalMs) {
      this.interrupted.abort();
    }
  }

  private async repeat(step: Step): Promise<void> {
    while (!this.stopping.signal.aborted) {
      this.interrupted = this.interrupted.signal.aborted ? new AbortController() : this.interrupted;
      const { signal } = this.interrupted;
      const beganMs = performance.now();
      if (!(await this.tryStep(step))) {
        // The interval runs from start to start: after a poll that timed out, the next one begins immediately.
        const restMs = Math.max(0, beganMs + this.timings.intervalMs - performance.now());
        await pause(restMs, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  private async tryStep(step: Step): Promise<boolean> {
    try {
      return await step(this.stopping.signal);
    } catch (error) {
      this.partitions.stepFailed(error);
      return false;
    }
  }
}
