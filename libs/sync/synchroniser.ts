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
import { isReplayable, parsePosition, type Position } from './position';
import { PositionStore } from './position.store';
import { RedisTrust } from './redis-trust';
import { SyncTimings } from './sync-timings';
import { UserChanges } from './user-changes';

/**
 * Entries that one poll brings to Redis at most; an instance that is further back begins a new era. Applying that many
 * takes about as long as Redis, empty, takes to be filled again, and Postgres answers meanwhile either way.
 */
const MAX_ENTRIES = 200_000;
/** Entries that are sent to Redis at once: they share the deadline of a command. */
const APPLY_BATCH = 200;
const PRUNE_INTERVAL_MS = 60_000;
/** Milliseconds by which a time-out may come late before it tells more of us than of Postgres. */
const STALL_MS = 200;

/** Brings a change to Redis: idempotent, in any order, and safe on any data that it may find there. */
export type ApplyChange = (entry: RecordedEntry) => Promise<'new' | 'known'>;

/** A Redis that holds every change of the source of truth, and its clock when that was noted. */
interface CaughtUp {
  position: Position;
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
 * Keeps Redis up to date with the record, and `RedisTrust` with whether it is. Every 200 ms each
 * instance brings the changes of the outbox to Redis. A Redis that it has lost, or that has lost
 * something, is brought up to date before it is believed again.
 */
@Injectable()
export class Synchroniser implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('Synchroniser');
  private readonly errors = new ThrottledLog((line, message) => this.logger.error(line, message));
  private readonly appliers = new Map<string, ApplyChange>();
  private position: Position | null = null;
  /** A poll has found changes, and Redis may still lack some of them. */
  private hasMissed = false;
  private failedAtMs = -Infinity;
  private prunedAtMs = 0;
  /** Apart from the polls: after an outage it may take minutes. */
  private pruning: Promise<void> | undefined;
  private readonly stopping = new AbortController();
  private loop: Promise<void> | undefined;
  private interrupted = new AbortController();
  private readonly observed: OutboxLag = { lastMs: 0, maxMs: 0, applied: 0 };

  constructor(
    private readonly redis: RedisClient,
    private readonly outbox: Outbox,
    private readonly positions: PositionStore,
    private readonly trust: RedisTrust,
    private readonly timings: SyncTimings,
    private readonly changes: UserChanges,
    private readonly metrics: Metrics,
  ) {
    metrics.sync.watchTrust(() => trust.era() !== null, timings.leaseMs);
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
    this.redis.onDisconnected(() => this.distrust('it is away', 'log'));
    this.redis.onConnected(() => this.wake());
    this.loop = this.run();
  }

  async onModuleDestroy(): Promise<void> {
    this.stopping.abort();
    this.interrupted.abort();
    await this.loop;
    await this.pruning;
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
      return this.trust.heldEra() === null ? await this.catchUp() : await this.keepUp();
    } catch (error) {
      if (this.isStopping) {
        return false;
      }
      this.failedAtMs = performance.now();
      const unavailable = error instanceof DependencyUnavailableError;
      if (!unavailable || error.dependency === 'redis') {
        this.distrust(
          unavailable ? 'it does not answer' : 'it could not be brought up to date',
          unavailable ? 'log' : 'warn',
        );
      }
      if (!unavailable) {
        this.errors.write({ err: serializeError(error) }, 'could not synchronise');
      }
      return false;
    } finally {
      this.pruneWhenDue();
    }
  }

  /** Redis is believed: applies what is new, and goes on believing it. */
  private async keepUp(): Promise<boolean> {
    const losses = this.trust.losses();
    const beganMs = performance.now();
    const from = this.position;
    const end = from && (await this.pollInTime(from));
    if (!from || end === null) {
      this.distrust('it cannot be kept up to date');
      return true;
    }
    const noted = await this.positions.advance(from, end ? positionOf(end) : from);
    if (noted === null) {
      this.distrust('it has lost data');
      return true;
    }
    if (end) {
      this.position = { ...from, ...positionOf(end) };
    } else if (this.hasMissed) {
      return false;
    } else if (performance.now() - beganMs > this.timings.outboxDeadlineMs + STALL_MS) {
      // It was this process that did not come round in time, not Postgres: that proves nothing.
      return true;
    }
    // Without a look nobody can record a change, as far as this process can see.
    this.trust.renew(losses, beganMs, noted.redisNowMs, end !== undefined);
    return false;
  }

  /** Redis is not believed: replays what it lacks, or begins an era in which nothing old counts. */
  private async catchUp(): Promise<boolean> {
    const losses = this.trust.losses();
    const beganMs = performance.now();
    const text = await this.positions.read();
    const caughtUp = (await this.replay(text)) ?? (await this.beginEra(text));
    if (!caughtUp) {
      return true;
    }
    const { position, redisNowMs } = caughtUp;
    if (!this.trust.gain(position.era, losses, beganMs, redisNowMs)) {
      return true;
    }
    this.position = position;
    this.logger.log(`Redis is believed, in era ${position.era}`);
    return false;
  }

  /** @returns null when the position in Redis is none that can be replayed from, or moved meanwhile. */
  private async replay(text: string | null): Promise<CaughtUp | null> {
    const from = parsePosition(text);
    if (!from) {
      return null;
    }
    const end = await this.poll(from);
    if (!end) {
      return null;
    }
    const here = positionOf(end);
    const noted = await this.positions.advance(from, here);
    return noted && { position: { ...here, era: from.era }, redisNowMs: noted.redisNowMs };
  }

  /** @returns null when somebody else has begun one meanwhile. */
  private async beginEra(text: string | null): Promise<CaughtUp | null> {
    const era = await this.outbox.nextEra();
    const position = { ...positionOf(await this.outbox.end()), era };
    const noted = await this.positions.begin(text, position);
    if (!noted) {
      return null;
    }
    this.logger.log(`era ${era} begins: what Redis held before does not count`);
    return { position, redisNowMs: noted.redisNowMs };
  }

  /** `poll`, measured. @returns undefined when Postgres does not answer in time. */
  private async pollInTime(from: Position): Promise<OutboxEnd | null | undefined> {
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
   * Brings to Redis what the outbox has gained since a position.
   * @param observe called with what Redis did not have, for each page.
   * @returns where the outbox was when it began to be read; null when it cannot be followed from there.
   */
  private async poll(from: Position, observe?: Observe): Promise<OutboxEnd | null> {
    let end: OutboxEnd | null = null;
    let entries = 0;
    let askedMs = performance.now();
    for await (const page of this.outbox.changesSince(from.snapshot)) {
      end ??= page;
      entries += page.entries.length;
      if (entries > MAX_ENTRIES || !isReplayable(from, positionOf(end))) {
        return null;
      }
      this.hasMissed = page.entries.length > 0;
      const fresh = await this.apply(page.entries);
      observe?.(page.nowMs + performance.now() - askedMs, fresh);
      askedMs = performance.now();
      this.stopping.signal.throwIfAborted();
    }
    this.hasMissed = false;
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

  private distrust(reason: string, level: 'warn' | 'log' = 'warn'): void {
    this.trust.lose(reason, level);
    this.position = null;
    this.hasMissed = false;
  }

  private pruneWhenDue(): void {
    const nowMs = performance.now();
    if (nowMs - this.prunedAtMs > PRUNE_INTERVAL_MS) {
      this.prunedAtMs = nowMs;
      this.pruning ??= this.prune().finally(() => (this.pruning = undefined));
    }
  }

  private async prune(): Promise<void> {
    try {
      await this.outbox.prune(this.stopping.signal);
    } catch (error) {
      // An outage of Postgres is logged elsewhere, and the next pruning makes it good.
      if (!this.isStopping && !(error instanceof DependencyUnavailableError)) {
        this.logger.error({ err: serializeError(error) }, 'could not prune the outbox');
      }
    }
  }

  private get isStopping(): boolean {
    return this.stopping.signal.aborted;
  }
}

function positionOf({ snapshot, nowMs }: OutboxEnd): Omit<Position, 'era'> {
  return { snapshot, recordedAtMs: String(nowMs) };
}
