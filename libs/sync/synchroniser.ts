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
import { Outbox, type OutboxEnd, type OutboxPage, type RecordedEntry } from './outbox';
import { OneAtATime } from './one-at-a-time';
import { isReplayable, parsePosition, type Position } from './position';
import { PositionStore } from './position.store';
import { RedisTrust } from './redis-trust';
import { SyncTimings } from './sync-timings';
import { UserChanges } from './user-changes';

/** Entries that one look reads at most. Whoever is further back begins a new era instead. */

const MAX_ENTRIES = 20_000;
/** Entries that are sent to Redis at once. */
const APPLY_BATCH = 500;
const PRUNE_INTERVAL_MS = 60_000;
/** Milliseconds by which a time-out may come late before it tells more of us than of Postgres. */
const STALL_MS = 200;

/** Brings a change to Redis: idempotent, in any order, and safe on any data that it may find there. */
export type ApplyChange = (entry: RecordedEntry) => Promise<'new' | 'known'>;

/** Takes revocations that could not reach Postgres to it. */
export interface UnrecordedRevocations {
  /** Records those that this process remembers. */
  recordRemembered(): Promise<void>;
  /** Records those that wait in Redis, whoever put them there. */
  recordKept(): Promise<void>;
}

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
 * instance brings the changes of the outbox to Redis, and the revocations that wait in Redis to the
 * record. A Redis that it has lost, or that has lost something, is brought up to date before it is
 * believed again.
 */
@Injectable()
export class Synchroniser implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('Synchroniser');
  private readonly errors = new ThrottledLog((line, message) => this.logger.error(line, message));
  private readonly appliers = new Map<string, ApplyChange>();
  private unrecorded: UnrecordedRevocations | undefined;
  private position: Position | null = null;
  /** What was applied since Redis is believed and may still be in the next page. */
  private applied = new Set<string>();
  private failedAtMs = -Infinity;
  private prunedAtMs = 0;
  private keptWaits = false;
  private readonly chores = new OneAtATime(() => this.doChores(), this.logger);
  private stopped = false;
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

  /** Names who records revocations. To be called before the application starts. */
  onUnrecorded(unrecorded: UnrecordedRevocations): void {
    this.unrecorded = unrecorded;
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
    this.stopped = true;
    this.interrupted.abort();
    await this.loop;
    await this.chores.ended();
  }

  /** Not right after a failure: a Redis that refuses everything connects again and again. */
  private wake(): void {
    if (performance.now() - this.failedAtMs > this.timings.intervalMs) {
      this.interrupted.abort();
    }
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
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
      this.chores.start();
    }
  }

  /** Redis is believed: applies what is new, and goes on believing it. */
  private async keepUp(): Promise<boolean> {
    const losses = this.trust.losses();
    const beganMs = performance.now();
    const from = this.position;
    const page = from && (await this.look(from.transactionId));
    if (!from || page?.overflow || (page && isBehind(page, from))) {
      this.distrust('it cannot be kept up to date');
      return true;
    }
    if (page) {
      const fresh = page.entries.filter(({ id }) => !this.applied.has(id));
      this.observe(page, beganMs, await this.apply(fresh));
    }
    const waiting = await this.positions.advance(from, page ? positionOf(page) : from);
    if (waiting === null) {
      this.distrust('it has lost data');
      return true;
    }
    if (page) {
      this.position = { ...from, ...positionOf(page) };
      this.applied = new Set(page.entries.map(({ id }) => id));
    } else if (performance.now() - beganMs > this.timings.outboxDeadlineMs + STALL_MS) {
      // It was this process that did not come round in time, not Postgres: that proves nothing.
      return true;
    }
    // Without a look nobody can record a change, as far as this process can see.
    this.trust.renew(losses, beganMs);
    this.keptWaits ||= waiting > 0;
    return false;
  }

  /** Redis is not believed: replays what it lacks, or begins an era in which nothing old counts. */
  private async catchUp(): Promise<boolean> {
    const losses = this.trust.losses();
    const beganMs = performance.now();
    const text = await this.positions.read();
    const position = (await this.replay(text)) ?? (await this.beginEra(text));
    if (!position || !this.trust.gain(position.era, losses, beganMs)) {
      return true;
    }
    this.position = position;
    this.logger.log(`Redis is believed, in era ${position.era}`);
    return false;
  }

  /** @returns null when the position in Redis is none that can be replayed from, or moved meanwhile. */
  private async replay(text: string | null): Promise<Position | null> {
    const from = parsePosition(text);
    if (!from) {
      return null;
    }
    const page = await this.outbox.read(from.transactionId, MAX_ENTRIES);
    const here = positionOf(page);
    if (page.overflow || !isReplayable(from, here)) {
      return null;
    }
    await this.apply(page.entries);
    const advanced = (await this.positions.advance(from, here)) !== null;
    return advanced ? { ...here, era: from.era } : null;
  }

  /** @returns null when somebody else has begun one meanwhile. */
  private async beginEra(text: string | null): Promise<Position | null> {
    const era = await this.outbox.nextEra();
    const position = { ...positionOf(await this.outbox.end()), era };
    if (!(await this.positions.begin(text, position))) {
      return null;
    }
    this.logger.log(`era ${era} begins: what Redis held before does not count`);
    return position;
  }

  /** @returns null when Postgres does not answer in time. */
  private async look(fromTransactionId: string): Promise<OutboxPage | null> {
    try {
      return await this.outbox.read(fromTransactionId, MAX_ENTRIES);
    } catch (error) {
      if (error instanceof DependencyUnavailableError) {
        return null;
      }
      throw error;
    }
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

  /** @param beganMs when the page was asked for; its clock is somewhat later, which rounds lags up. */
  private observe(page: OutboxPage, beganMs: number, fresh: readonly RecordedEntry[]): void {
    const nowMs = page.nowMs + performance.now() - beganMs;
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
    this.applied.clear();
  }

  /** What is due in Postgres, and would keep the looks waiting if that hangs. */
  private async doChores(): Promise<void> {
    await this.unrecorded?.recordRemembered();
    if (this.keptWaits) {
      this.keptWaits = false;
      await this.unrecorded?.recordKept();
    }
    const nowMs = performance.now();
    if (nowMs - this.prunedAtMs > PRUNE_INTERVAL_MS) {
      this.prunedAtMs = nowMs;
      await this.outbox.prune();
    }
  }
}

/** Another record, or an older copy of it, as after a failover of Postgres. */
function isBehind(page: OutboxEnd, position: Position): boolean {
  return BigInt(page.transactionId) < BigInt(position.transactionId);
}

function positionOf({ transactionId, nowMs }: OutboxEnd): Omit<Position, 'era'> {
  return { transactionId, recordedAtMs: String(nowMs) };
}
