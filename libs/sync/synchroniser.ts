import { setTimeout as pause } from 'node:timers/promises';
import {
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import { DependencyUnavailableError } from '#libs/common';
import { RedisClient } from '#libs/redis';
import { Outbox, type OutboxEnd, type OutboxPage, type RecordedEntry } from './outbox';
import { isReplayable, parsePosition, type Position } from './position';
import { PositionStore } from './position.store';
import { RedisTrust } from './redis-trust';
import { SyncTimings } from './sync-timings';

/** Entries that one look applies. Whoever is further back begins a new era instead. */
const MAX_ENTRIES = 5000;
/** Entries that are sent to Redis at once. */
const APPLY_BATCH = 500;
const PRUNE_INTERVAL_MS = 60_000;

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

/** A look into the outbox, and when it began by the monotonic clock. */
interface Look {
  beganMs: number;
  page: OutboxPage;
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
  private readonly appliers = new Map<string, ApplyChange>();
  private unrecorded: UnrecordedRevocations | undefined;
  private position: Position | null = null;
  private looking: Promise<Look> | undefined;
  private prunedAtMs = 0;
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
  ) {}

  /** Names who applies the entries of a kind. To be called before the application starts. */
  onChange(kind: string, apply: ApplyChange): void {
    this.appliers.set(kind, apply);
  }

  /** Names who records revocations. To be called before the application starts. */
  onUnrecorded(unrecorded: UnrecordedRevocations): void {
    this.unrecorded = unrecorded;
  }

  lag(): Readonly<OutboxLag> {
    return this.observed;
  }

  onApplicationBootstrap(): void {
    this.redis.onDisconnected(() => this.distrust('the connection was lost'));
    this.redis.onConnected(() => this.interrupted.abort());
    this.loop = this.run();
  }

  async onModuleDestroy(): Promise<void> {
    this.stopped = true;
    this.interrupted.abort();
    await this.loop;
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      this.interrupted = new AbortController();
      const { signal } = this.interrupted;
      if (!(await this.step())) {
        await pause(this.timings.intervalMs, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  /** @returns whether there is more to do at once. */
  private async step(): Promise<boolean> {
    try {
      const more = this.trust.heldEra() === null ? await this.catchUp() : await this.keepUp();
      await this.prune();
      return more;
    } catch (error) {
      const unavailable = error instanceof DependencyUnavailableError;
      if (!unavailable || error.dependency === 'redis') {
        this.distrust(unavailable ? 'it does not answer' : 'it could not be brought up to date');
      }
      if (!unavailable) {
        this.logger.error({ err: error }, 'could not synchronise');
      }
      return false;
    } finally {
      await this.recordRemembered();
    }
  }

  /** Redis is believed: applies what is new, and goes on believing it. */
  private async keepUp(): Promise<boolean> {
    const losses = this.trust.losses();
    const from = this.position;
    if (!from) {
      this.distrust('its position is not known');
      return true;
    }
    const look = await this.look(from.transactionId);
    const beganMs = look?.beganMs ?? performance.now();
    if (look) {
      this.observe(look, await this.apply(look.page.entries));
    }
    const waiting = await this.positions.advance(from, look ? positionOf(look.page) : from);
    if (waiting === null) {
      this.distrust('it has lost data');
      return true;
    }
    if (!look) {
      // Nobody can record a change now, as far as this process can see: Redis alone is right.
      this.trust.renew(losses, beganMs);
      return false;
    }
    this.position = { ...from, ...positionOf(look.page) };
    if (!look.page.more) {
      this.trust.renew(losses, beganMs);
    }
    if (waiting > 0) {
      await this.unrecorded?.recordKept();
    }
    return look.page.more;
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
    if (page.more || !isReplayable(from, here)) {
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
  private async look(fromTransactionId: string): Promise<Look | null> {
    const look = (this.looking ??= this.startLook(fromTransactionId));
    const timer = new AbortController();
    const deadline = pause(this.timings.outboxDeadlineMs, null, { signal: timer.signal }).catch(
      () => null,
    );
    try {
      const first = await Promise.race([look, deadline]);
      if (first) {
        this.looking = undefined;
      }
      return first;
    } catch (error) {
      this.looking = undefined;
      if (error instanceof DependencyUnavailableError) {
        return null;
      }
      throw error;
    } finally {
      timer.abort();
    }
  }

  private startLook(fromTransactionId: string): Promise<Look> {
    const beganMs = performance.now();
    const look = this.outbox
      .read(fromTransactionId, MAX_ENTRIES)
      .then((page) => ({ beganMs, page }));
    // Whoever awaits it may have given it up by then.
    look.catch(() => undefined);
    return look;
  }

  /** @returns those that Redis did not have. */
  private async apply(entries: readonly RecordedEntry[]): Promise<RecordedEntry[]> {
    const fresh: RecordedEntry[] = [];
    for (let start = 0; start < entries.length; start += APPLY_BATCH) {
      const batch = entries.slice(start, start + APPLY_BATCH);
      const outcomes = await Promise.all(
        batch.map(async (entry) => this.appliers.get(entry.kind)?.(entry)),
      );
      fresh.push(...batch.filter((_, index) => outcomes[index] === 'new'));
    }
    return fresh;
  }

  private observe({ page, beganMs }: Look, fresh: readonly RecordedEntry[]): void {
    const nowMs = page.nowMs + performance.now() - beganMs;
    for (const { recordedAtMs } of fresh) {
      this.observed.lastMs = Math.max(0, Math.round(nowMs - recordedAtMs));
      this.observed.maxMs = Math.max(this.observed.maxMs, this.observed.lastMs);
      this.observed.applied += 1;
    }
  }

  private distrust(reason: string): void {
    this.trust.lose(reason);
    this.position = null;
    this.looking = undefined;
  }

  private async recordRemembered(): Promise<void> {
    try {
      await this.unrecorded?.recordRemembered();
    } catch (error) {
      if (!(error instanceof DependencyUnavailableError)) {
        this.logger.error({ err: error }, 'could not record revocations');
      }
    }
  }

  private async prune(): Promise<void> {
    const nowMs = performance.now();
    if (nowMs - this.prunedAtMs > PRUNE_INTERVAL_MS) {
      this.prunedAtMs = nowMs;
      await this.outbox.prune();
    }
  }
}

function positionOf({ transactionId, nowMs }: OutboxEnd): Omit<Position, 'era'> {
  return { transactionId, recordedAtMs: String(nowMs) };
}
