import { setTimeout as pause } from 'node:timers/promises';
import {
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import { DependencyUnavailableError, ThrottledLog } from '#libs/common';
import { serializeError } from '#libs/log';
import { Metrics } from '#libs/metrics';
import { RedisClient } from '#libs/redis';
import { Outbox, type OutboxEnd, type RecordedEntry } from './outbox';
import { isReplayable, parseCheckpoint, type Checkpoint } from './checkpoint';
import { CheckpointStore } from './checkpoint.store';
import { SyncLease } from './sync-lease';
import { SyncTimings } from './sync-timings';
import { UserChanges } from './user-changes';

/**
 * Maximum number of entries that one poll applies; an instance that is further back begins a new epoch. Applying that
 * many takes about as long as refilling an empty Redis, and Postgres answers meanwhile in both cases.
 */
const MAX_ENTRIES = 200_000;
/** Entries that are sent to Redis at once, within the timeout of one command. */
const APPLY_BATCH = 200;
/** A poll that exceeds its timeout by more was delayed by a stall of this process, not by Postgres. Milliseconds. */
const STALL_MS = 200;

/** Applies a change to Redis: idempotent, independent of the order, and safe on any data in Redis. */
export type ApplyChange = (entry: RecordedEntry) => Promise<'new' | 'known'>;

/** Redis holds every committed change. Has the clock of Redis when the checkpoint was written. */
interface CaughtUp {
  checkpoint: Checkpoint;
  redisNowMs: number;
}

/**
 * @param nowMs by the clock of Postgres.
 * @param fresh changes that Redis lacked.
 */
type Observe = (nowMs: number, fresh: readonly RecordedEntry[]) => void;

/** Time from the commit of a change until this process applied it to Redis. */
export interface OutboxLag {
  /** Milliseconds. */
  lastMs: number;
  maxMs: number;
  /** Number of applied changes that Redis lacked. */
  applied: number;
}

/**
 * Keeps Redis in sync with Postgres, and maintains the `SyncLease`. Every 200 ms each instance polls the outbox and
 * applies its entries to Redis. After an outage of Redis or a loss of its data, it catches up before it acquires the
 * lease again.
 */
@Injectable()
export class Synchroniser implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('Synchroniser');
  private readonly errors = new ThrottledLog((line, message) => this.logger.error(line, message));
  private readonly appliers = new Map<string, ApplyChange>();
  private checkpoint: Checkpoint | null = null;
  /** Emitted when a poll has found changes that Redis may lack. */
  private mayLackChanges = false;
  private failedAtMs = -Infinity;
  private readonly stopping = new AbortController();
  private loop: Promise<void> | undefined;
  private interrupted = new AbortController();
  private readonly observed: OutboxLag = { lastMs: 0, maxMs: 0, applied: 0 };

  constructor(
    private readonly redis: RedisClient,
    private readonly outbox: Outbox,
    private readonly checkpoints: CheckpointStore,
    private readonly lease: SyncLease,
    private readonly timings: SyncTimings,
    private readonly changes: UserChanges,
    private readonly metrics: Metrics,
  ) {
    metrics.sync.watchSync(() => lease.epoch() !== null, timings.leaseMs);
  }

  /** Registers the applier of a kind of entries. Call it before the application starts. */
  onChange(kind: string, apply: ApplyChange): void {
    this.appliers.set(kind, apply);
    this.metrics.sync.expect(kind);
  }

  lag(): Readonly<OutboxLag> {
    return this.observed;
  }

  onApplicationBootstrap(): void {
    this.redis.onDisconnected(() => this.revokeLease('it cannot be reached', 'log'));
    this.redis.onConnected(() => this.wake());
    this.loop = this.run();
  }

  async onModuleDestroy(): Promise<void> {
    this.stopping.abort();
    this.interrupted.abort();
    await this.loop;
  }

  /** Delayed after a failure: a Redis that refuses every command reconnects repeatedly. */
  private wake(): void {
    if (performance.now() - this.failedAtMs > this.timings.intervalMs) {
      this.interrupted.abort();
    }
  }

  private async run(): Promise<void> {
    while (!this.isStopping) {
      this.interrupted = new AbortController();
      const { signal } = this.interrupted;
      const beganMs = performance.now();
      if (!(await this.step())) {
        // The interval runs from start to start: after a poll that timed out, the next one begins immediately.
        const restMs = Math.max(0, beganMs + this.timings.intervalMs - performance.now());
        await pause(restMs, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  /** @returns whether more entries are to be applied immediately. */
  private async step(): Promise<boolean> {
    try {
      return this.lease.heldEpoch() === null ? await this.catchUp() : await this.keepUp();
    } catch (error) {
      if (this.isStopping) {
        return false;
      }
      this.failedAtMs = performance.now();
      const unavailable = error instanceof DependencyUnavailableError;
      if (!unavailable || error.dependency === 'redis') {
        this.revokeLease(
          unavailable ? 'it does not answer' : 'it could not catch up',
          unavailable ? 'log' : 'warn',
        );
      }
      if (!unavailable) {
        this.errors.write({ err: serializeError(error) }, 'could not synchronise');
      }
      return false;
    }
  }

  /** Redis is in sync: applies new entries and renews the lease. */
  private async keepUp(): Promise<boolean> {
    const term = this.lease.term();
    const beganMs = performance.now();
    const from = this.checkpoint;
    const end = from && (await this.pollInTime(from));
    if (!from || end === null) {
      this.revokeLease('it cannot follow the outbox');
      return true;
    }
    const written = await this.checkpoints.advance(from, end ? checkpointOf(end) : from);
    if (written === null) {
      this.revokeLease('it has lost data');
      return true;
    }
    if (end) {
      this.checkpoint = { ...from, ...checkpointOf(end) };
    } else if (this.mayLackChanges) {
      return false;
    } else if (performance.now() - beganMs > this.timings.outboxDeadlineMs + STALL_MS) {
      // This process has stalled; Postgres may be up and may have changes.
      return true;
    }
    // Without Postgres no instance can commit a change, as far as this process can tell.
    this.lease.renew(term, beganMs, written.redisNowMs, end !== undefined);
    return false;
  }

  /** Redis may be stale: replays the missing entries, or begins an epoch, which voids older data. */
  private async catchUp(): Promise<boolean> {
    const term = this.lease.term();
    const beganMs = performance.now();
    const text = await this.checkpoints.read();
    const caughtUp = (await this.replay(text)) ?? (await this.beginEpoch(text));
    if (!caughtUp) {
      return true;
    }
    const { checkpoint, redisNowMs } = caughtUp;
    if (!this.lease.acquire(checkpoint.epoch, term, beganMs, redisNowMs)) {
      return true;
    }
    this.checkpoint = checkpoint;
    this.logger.log(`Redis is in sync, epoch ${checkpoint.epoch}`);
    return false;
  }

  /** @returns null if the checkpoint in Redis cannot be replayed from, or has changed meanwhile. */
  private async replay(text: string | null): Promise<CaughtUp | null> {
    const from = parseCheckpoint(text);
    if (!from) {
      return null;
    }
    const end = await this.poll(from);
    if (!end) {
      return null;
    }
    const here = checkpointOf(end);
    const written = await this.checkpoints.advance(from, here);
    return (
      written && { checkpoint: { ...here, epoch: from.epoch }, redisNowMs: written.redisNowMs }
    );
  }

  /** @returns null if another instance has begun an epoch meanwhile. */
  private async beginEpoch(text: string | null): Promise<CaughtUp | null> {
    const epoch = await this.outbox.nextEpoch();
    const checkpoint = { ...checkpointOf(await this.outbox.end()), epoch };
    const written = await this.checkpoints.begin(text, checkpoint);
    if (!written) {
      return null;
    }
    this.logger.log(`epoch ${epoch} begins: earlier data of Redis is void`);
    return { checkpoint, redisNowMs: written.redisNowMs };
  }

  /**
   * `poll`, measured.
   * @returns undefined if Postgres does not answer in time.
   */
  private async pollInTime(from: Checkpoint): Promise<OutboxEnd | null | undefined> {
    try {
      return await this.poll(from, (...applied) => this.observe(...applied));
    } catch (error) {
      if (error instanceof DependencyUnavailableError && error.dependency === 'postgres') {
        return undefined;
      }
      throw error;
    }
  }

  /**
   * Applies to Redis the entries that the outbox has gained since a checkpoint.
   * @param observe called for each page, with the changes that Redis lacked.
   * @returns the state of Postgres at the start of the read; null if the outbox cannot be followed from there.
   */
  private async poll(from: Checkpoint, observe?: Observe): Promise<OutboxEnd | null> {
    let end: OutboxEnd | null = null;
    let entries = 0;
    let askedMs = performance.now();
    for await (const page of this.outbox.changesSince(from.snapshot)) {
      end ??= page;
      entries += page.entries.length;
      if (entries > MAX_ENTRIES || !isReplayable(from, checkpointOf(end))) {
        return null;
      }
      this.mayLackChanges = page.entries.length > 0;
      const fresh = await this.apply(page.entries);
      observe?.(page.nowMs + performance.now() - askedMs, fresh);
      askedMs = performance.now();
      this.stopping.signal.throwIfAborted();
    }
    this.mayLackChanges = false;
    return end;
  }

  /** @returns the entries that Redis lacked. */
  private async apply(entries: readonly RecordedEntry[]): Promise<RecordedEntry[]> {
    const fresh: RecordedEntry[] = [];
    for (let start = 0; start < entries.length; start += APPLY_BATCH) {
      const batch = entries.slice(start, start + APPLY_BATCH);
      const outcomes = await Promise.all(
        batch.map(async (entry) => this.appliers.get(entry.kind)?.(entry)),
      );
      batch.forEach(({ userId }) => this.changes.happened(userId));
      fresh.push(...batch.filter((_, index) => outcomes[index] === 'new'));
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

  private revokeLease(reason: string, level: 'warn' | 'log' = 'warn'): void {
    this.lease.revoke(reason, level);
    this.checkpoint = null;
    this.mayLackChanges = false;
  }

  private get isStopping(): boolean {
    return this.stopping.signal.aborted;
  }
}

function checkpointOf({ snapshot, nowMs }: OutboxEnd): Omit<Checkpoint, 'epoch'> {
  return { snapshot, recordedAtMs: String(nowMs) };
}
