import { Injectable } from '@nestjs/common';
import { DependencyUnavailableError } from '#libs/common';
import { isReplayable, STREAM_WINDOW_MS, type Checkpoint } from './checkpoint';
import { Outbox, type OutboxEnd, type OutboxPage, type RecordedEntry } from './outbox';
import { SyncTimings } from './sync-timings';

/** Passes the outbox on to copies outside this process. */
export interface OutboxFollower {
  /** Entries that a poll has found, some of them perhaps for the second time. Must not throw. */
  read(page: OutboxPage): void;
  /**
   * All entries before `checkpoint` have been read.
   * @param asOfMs instant before which every committed change is among them; milliseconds of `performance.now()`.
   */
  complete(checkpoint: Checkpoint, asOfMs: number): void;
  /** Entries may be missing: copies begin anew. */
  reset(): void;
}

/**
 * The part of the outbox that the poll of this process reads for others than Redis, from a position of its own: also
 * while Redis is unavailable, or is catching up.
 */
@Injectable()
export class OutboxFeed {
  private followers: OutboxFollower[] = [];
  private checkpoint: Checkpoint | null = null;
  private beginning: Promise<void> | undefined;
  private isWanted = false;
  private completeAtMs = -Infinity;

  constructor(
    private readonly outbox: Outbox,
    private readonly timings: SyncTimings,
  ) {}

  /** Call it before the application starts. */
  onRead(follower: OutboxFollower): void {
    this.followers.push(follower);
  }

  /**
   * Begins to read, if that has not begun, for as long as the process lives. One query the first time.
   * @throws DependencyUnavailableError if no poll has been complete within the lease.
   */
  async start(): Promise<void> {
    this.isWanted = true;
    if (!this.checkpoint) {
      await this.begin();
    }
    if (performance.now() - this.completeAtMs > this.timings.leaseMs) {
      throw new DependencyUnavailableError('postgres');
    }
  }

  /**
   * The entries since a position that any instance has passed to its followers, in pages; more may be among them. Null in
   * place of the last page: entries are missing, because the position is too old or unknown, or too much follows it. One
   * query per page, on a connection of the pool.
   * @throws DependencyUnavailableError
   */
  async *resume(from: Checkpoint): AsyncGenerator<RecordedEntry[] | null, void> {
    let read = 0;
    for await (const page of this.outbox.changesSince(from.snapshot, [from.epoch], 'pool')) {
      read += page.entries.length;
      if (!isResumable(from, page) || read > this.timings.maxEntries) {
        yield null;
        return;
      }
      yield page.entries;
    }
  }

  /** For the poll: where it must begin for the followers; null until the feed has begun. */
  position(): Checkpoint | null {
    if (this.isWanted && !this.checkpoint) {
      // The poll must not wait for the pool; the next one tries again.
      this.begin().catch(() => undefined);
    }
    return this.checkpoint;
  }

  /** For the poll: a page that it has read. */
  read(page: OutboxPage): void {
    if (this.checkpoint) {
      this.followers.forEach((follower) => follower.read(page));
    }
  }

  /** For the poll: it has read everything. @param beganMs its start, by `performance.now()` */
  complete({ snapshot, nowMs }: OutboxEnd, beganMs: number): void {
    if (this.checkpoint) {
      const checkpoint = { ...this.checkpoint, snapshot, recordedAtMs: String(nowMs) };
      this.checkpoint = checkpoint;
      this.completeAtMs = performance.now();
      this.followers.forEach((follower) => follower.complete(checkpoint, beganMs));
    }
  }

  /** For the poll: it cannot go on from its position. */
  reset(): void {
    if (this.checkpoint) {
      this.checkpoint = null;
      this.followers.forEach((follower) => follower.reset());
    }
  }

  /** Postgres forgets the epoch in a crash, and with it all that the followers have read. */
  private begin(): Promise<void> {
    this.beginning ??= this.outbox
      .beginEpoch('pool')
      .then((checkpoint) => {
        this.checkpoint = checkpoint;
        this.completeAtMs = performance.now();
      })
      .finally(() => (this.beginning = undefined));
    return this.beginning;
  }
}

function isResumable(from: Checkpoint, { snapshot, nowMs, hasEpochs }: OutboxPage): boolean {
  const now = { snapshot, recordedAtMs: String(nowMs) };
  return hasEpochs && isReplayable(from, now, STREAM_WINDOW_MS);
}
