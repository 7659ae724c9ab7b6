import { Injectable } from '@nestjs/common';
import { Metrics } from '#libs/metrics';
import { RedisClient } from '#libs/redis';
import { isReplayable, type Checkpoint } from './checkpoint';
import { Outbox, type OutboxEnd, type OutboxPage, type RecordedEntry } from './outbox';
import { SyncTimings } from './sync-timings';
import { UserChanges } from './user-changes';

/** Entries that are sent to Redis at once, within the timeout of one command. */
const APPLY_BATCH = 200;

/** Applies a change to Redis: idempotent, independent of the order, and safe on any data in Redis. */
export type ApplyChange = (entry: RecordedEntry) => Promise<'new' | 'known'>;

/** Time from the commit of a change until this process applied it to Redis. */
export interface OutboxLag {
  /** Milliseconds. */
  lastMs: number;
  maxMs: number;
  /** Number of applied changes that Redis lacked. */
  applied: number;
}

export interface PollOptions {
  /** Of the checkpoints of the partitions, without repetition. */
  epochs: readonly string[];
  /** The partitions that get the entries of their users. One that fails is removed. */
  partitions: Set<number>;
  /** Called for each partition that fails. */
  onFailure: (partition: number, error: unknown) => void;
  signal: AbortSignal;
  /** Whether the entries count for the lag: they are followed, not replayed. */
  isObserved?: boolean;
  /** Called for each page, before it is applied. */
  onPage?: (page: OutboxPage) => void;
}

/** Reads the outbox, and applies its entries to Redis. */
@Injectable()
export class OutboxApplier {
  private readonly appliers = new Map<string, ApplyChange>();
  private readonly observed: OutboxLag = { lastMs: 0, maxMs: 0, applied: 0 };

  constructor(
    private readonly redis: RedisClient,
    private readonly outbox: Outbox,
    private readonly changes: UserChanges,
    private readonly metrics: Metrics,
    private readonly timings: SyncTimings,
  ) {}

  /** Registers the applier of a kind of entries. Call it before the application starts. */
  onChange(kind: string, apply: ApplyChange): void {
    this.appliers.set(kind, apply);
    this.metrics.sync.expect(kind);
  }

  lag(): Readonly<OutboxLag> {
    return this.observed;
  }

  /**
   * Applies the entries that the outbox has gained since a checkpoint.
   * @returns the state of Postgres at the start of the read; null if the outbox cannot be followed from there.
   * @throws DependencyUnavailableError while Postgres is unavailable.
   */
  async poll(
    from: Omit<Checkpoint, 'epoch'>,
    { epochs, partitions, onFailure, signal, isObserved = false, onPage }: PollOptions,
  ): Promise<OutboxEnd | null> {
    let end: OutboxEnd | null = null;
    let entries = 0;
    let askedMs = performance.now();
    for await (const page of this.outbox.changesSince(from.snapshot, epochs)) {
      end ??= page;
      entries += page.entries.length;
      const here = { snapshot: end.snapshot, recordedAtMs: String(end.nowMs) };
      if (!page.hasEpochs || entries > this.timings.maxEntries || !isReplayable(from, here)) {
        return null;
      }
      onPage?.(page);
      const fresh = await this.apply(page.entries, partitions, onFailure);
      if (isObserved) {
        this.observe(page.nowMs + performance.now() - askedMs, fresh);
      }
      askedMs = performance.now();
      signal.throwIfAborted();
    }
    return end;
  }

  /** @returns the entries that Redis lacked. */
  private async apply(
    entries: readonly RecordedEntry[],
    partitions: Set<number>,
    onFailure: PollOptions['onFailure'],
  ): Promise<RecordedEntry[]> {
    const fresh: RecordedEntry[] = [];
    for (let start = 0; start < entries.length; start += APPLY_BATCH) {
      const batch = entries.slice(start, start + APPLY_BATCH);
      await Promise.all(
        batch.map(async (entry) => {
          const partition = this.redis.keys.partitionOf(entry.userId);
          if (!partitions.has(partition)) {
            return;
          }
          try {
            if ((await this.appliers.get(entry.kind)?.(entry)) === 'new') {
              fresh.push(entry);
            }
          } catch (error) {
            if (partitions.delete(partition)) {
              onFailure(partition, error);
            }
          }
        }),
      );
      batch.forEach(({ userId }) => this.changes.happened(userId));
    }
    return fresh;
  }

  /** @param nowMs by the clock of Postgres, or slightly later, which rounds lags up. */
  private observe(nowMs: number, fresh: readonly RecordedEntry[]): void {
    for (const { kind, recordedAtMs } of fresh) {
      this.observed.lastMs = Math.max(0, Math.round(nowMs - recordedAtMs));
      this.observed.maxMs = Math.max(this.observed.maxMs, this.observed.lastMs);
      this.observed.applied += 1;
      this.metrics.sync.appliedFromOutbox(kind, this.observed.lastMs);
    }
  }
}
