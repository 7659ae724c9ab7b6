import { Injectable, Logger } from '@nestjs/common';
import { DependencyUnavailableError, ThrottledLog } from '#libs/common';
import { serializeError } from '#libs/log';
import type { Checkpoint } from './checkpoint';
import { SyncLeases } from './sync-leases';

/** A partition at one moment. */
export interface Following {
  partition: number;
  /** The term of its lease. */
  term: number;
  checkpoint: Checkpoint;
}

/** The partitions of Redis that this process follows the outbox for, and how far they are. */
@Injectable()
export class PartitionsInSync {
  private readonly logger = new Logger('Synchroniser');
  private readonly errors = new ThrottledLog((line, message) => this.logger.error(line, message));
  private readonly checkpoints = new Map<number, Checkpoint>();
  private readonly lostListeners: (() => void)[] = [];
  private isStopped = false;

  /** A poll has found changes that Redis may lack. */
  mayLackChanges = false;
  /** When a command last failed, by the monotonic clock, in milliseconds. */
  failedAtMs = -Infinity;

  constructor(private readonly leases: SyncLeases) {}

  /** @param listener called when partitions must catch up at once. */
  onLost(listener: () => void): void {
    this.lostListeners.push(listener);
  }

  /** The application stops: errors are not written any more. */
  stop(): void {
    this.isStopped = true;
  }

  following(): Following[] {
    return this.leases.heldPartitions().flatMap((partition) => {
      const checkpoint = this.checkpoints.get(partition);
      const term = this.leases.at(partition).term();
      return checkpoint ? [{ partition, term, checkpoint }] : [];
    });
  }

  /** A partition is as far as this checkpoint. */
  advance(partition: number, checkpoint: Checkpoint): void {
    this.checkpoints.set(partition, checkpoint);
  }

  /** Revokes the leases of partitions that must catch up at once. */
  lose(partitions: readonly number[], reason: string): void {
    this.revoke(partitions, reason);
    this.lostListeners.forEach((listener) => listener());
  }

  /**
   * Revokes the leases of partitions.
   * @param level `log` if the outage that causes it has a warning of its own.
   */
  revoke(partitions: readonly number[], reason: string, level: 'warn' | 'log' = 'warn'): void {
    partitions.forEach((partition) => this.checkpoints.delete(partition));
    this.leases.revoke(partitions, reason, level);
    if (this.checkpoints.size === 0) {
      this.mayLackChanges = false;
    }
  }

  /** A command of a partition has failed. */
  failed(partition: number, error: unknown): void {
    if (this.isStopped) {
      return;
    }
    this.failedAtMs = performance.now();
    if (error instanceof DependencyUnavailableError) {
      this.revoke([partition], 'it does not answer', 'log');
    } else {
      this.couldNotCatchUp([partition], error);
    }
  }

  /** An unexpected error, which is no outage, unless the application stops. */
  stepFailed(error: unknown): void {
    if (!this.isStopped && !(error instanceof DependencyUnavailableError)) {
      this.couldNotCatchUp(this.leases.heldPartitions(), error);
    }
  }

  private couldNotCatchUp(partitions: readonly number[], error: unknown): void {
    this.revoke(partitions, 'it could not catch up');
    this.errors.write({ err: serializeError(error) }, 'could not synchronise');
  }
}
