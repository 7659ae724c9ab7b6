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
 * Entries that one poll brings to Redis at most; an instance that is further back begins a new epoch. Applying that many
 * takes about as long as Redis, empty, takes to be filled again, and Postgres answers meanwhile either way.
 */
const MAX_ENTRIES = 200_000;
/** Entries that are sent to Redis at once: they share the deadline of a command. */
const APPLY_BATCH = 200;
/** A timeout that comes later than this was caused by a stall of this process, not by Postgres. Milliseconds. */
const STALL_MS = 200;

/** Brings a change to Redis: idempotent, in any order, and safe on any data that it may find there. */
export type ApplyChange = (entry: RecordedEntry) => Promise<'new' | 'known'>;

/** A Redis that holds every change of the source of truth, and its clock when the checkpoint was written. */
interface CaughtUp {
  checkpoint: Checkpoint;
  redisNowMs: number;
}

/** @param nowMs by the clock of Postgres. @param fresh what Redis did not have. */
type Observe = (nowMs: number, fresh: readonly RecordedEntry[]) => void;

/** Measured from the commit of changes to when this process brought them to Redis. */
export interface OutboxLag {
  /** Milliseconds. */
  lastMs: number;
  maxMs: number;
  /** Changes that Redis did not have before. */
  applied: number;
}

/**
 * Keeps Redis in sync with Postgres, and the `SyncLease` with it. Every 200 ms each instance polls the outbox and applies
 * to Redis what it finds. After Redis was lost, or has lost something, it catches up before the lease is acquired again.
 */
@Injectable()
export class Synchroniser implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('Synchroniser');
  private readonly errors = new ThrottledLog((line, message) => this.logger.error(line, message));
  private readonly appliers = new Map<string, ApplyChange>();
  private checkpoint: Checkpoint | null = null;
  /** A poll has found changes, and Redis may still lack some of them. */
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

  /** Names who applies the entries of a kind. To be called before the application starts. */
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

  /** Not right after a failure: a Redis that refuses everything connects again and again. */
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
        // From one beginning to the next: after a poll that was cut the next one has no time to lose.
        const restMs = Math.max(0, beganMs + this.timings.intervalMs - performance.now());
        await pause(restMs, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  /** @returns whether there is more to do at once. */
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

  /** Redis is in sync: applies what is new and renews the lease. */
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
      // This process has stalled; Postgres may be up, and may have changes.
      return true;
    }
    // Without Postgres no instance can commit a change, as far as this process can see.
    this.lease.renew(term, beganMs, written.redisNowMs, end !== undefined);
    return false;
  }

  /** Redis may be stale: replays what it lacks, or begins an epoch in which nothing older counts. */
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

  /** @returns null when the checkpoint in Redis is none that can be replayed from, or moved meanwhile. */
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

  /** @returns null when another instance has begun one meanwhile. */
  private async beginEpoch(text: string | null): Promise<CaughtUp | null> {
    const epoch = await this.outbox.nextEpoch();
    const checkpoint = { ...checkpointOf(await this.outbox.end()), epoch };
    const written = await this.checkpoints.begin(text, checkpoint);
    if (!written) {
      return null;
    }
    this.logger.log(`epoch ${epoch} begins: what Redis held before does not count`);
    return { checkpoint, redisNowMs: written.redisNowMs };
  }

  /** `poll`, measured. @returns undefined when Postgres does not answer in time. */
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
   * Brings to Redis what the outbox has gained since a checkpoint.
   * @param observe called with what Redis did not have, for each page.
   * @returns where the outbox was when it began to be read; null when it cannot be followed from there.
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

  /** @returns those that Redis did not have. */
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

  /** @param nowMs by the clock of Postgres, or somewhat later, which rounds lags up. */
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
