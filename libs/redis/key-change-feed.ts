import { Logger } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { InternalError } from '#libs/common';
import { errorText } from '#libs/log';
import { parseInfo } from './redis-server';

/** Where Redis says which keys have changed, to a connection that speaks RESP2. */
const CHANNEL = '__redis__:invalidate';
/** Milliseconds between two pings; a next one only when the last is answered. */
const BEAT_MS = 100;
/** Milliseconds for which it may go unconfirmed that every change has arrived. */
export const MAX_UNCONFIRMED_MS = 500;
/** Milliseconds until a connection that could not be set up is tried again, and one that was refused. */
const RETRY_MS = 250;
const REFUSED_RETRY_MS = 5_000;

/** Is told what Redis pushes. */
export interface KeyChangeListener {
  /** These keys were written, deleted or evicted, or have expired. */
  changed(keys: readonly string[]): void;
  /** Any key may have changed: all were deleted, or changes may have been missed. */
  allChanged(): void;
}

/** Redis does not say what has changed: it does not know how to, or this client may not ask. */
class RefusedError extends InternalError {}

/** Error replies of a Redis that will do what it is asked, only not now. */
const NOT_NOW = /^(BUSY|LOADING|MASTERDOWN|TRYAGAIN)\b/;

function isRefusal(error: unknown): error is Error {
  return (
    error instanceof RefusedError ||
    (error instanceof Error && error.name === 'ReplyError' && !NOT_NOW.test(error.message))
  );
}

/**
 * Every change of keys with certain prefixes, whoever makes it, as Redis pushes it (CLIENT TRACKING in
 * the mode BCAST, RESP2). It has a connection of its own and lives as long as that: a next one is set
 * up afresh. Pings in the same stream confirm that nothing is missing.
 */
export class KeyChangeFeed {
  private readonly logger = new Logger('KeyChanges');
  private beats: NodeJS.Timeout | undefined;
  private retry: NodeJS.Timeout | undefined;
  private refused = false;
  /** Counts the connections: what was begun on an earlier one does not count. */
  private connection = 0;
  private isTracking = false;
  /** When the ping was sent that waits for its answer, and when the one before it; monotonic. */
  private askedMs: number | undefined;
  private askedBeforeMs: number | undefined;
  private completeUntilMs = -Infinity;

  /**
   * @param redis a connection for nothing else, not yet made.
   * @param serverOfCommands run id of the server that commands go to now.
   */
  constructor(
    private readonly redis: Redis,
    private readonly prefixes: readonly string[],
    private readonly listener: KeyChangeListener,
    private readonly serverOfCommands: () => Promise<string | undefined>,
  ) {
    redis.on('ready', () => void this.setUp());
    redis.on('close', () => this.lose());
    // RedisClient says it of its own connection.
    redis.on('error', () => undefined);
    redis.on('messageBuffer', (_channel: Buffer, keys: unknown) => this.tell(keys));
  }

  start(): void {
    this.beats = setInterval(() => this.beat(), BEAT_MS).unref();
    this.connect();
  }

  stop(): void {
    clearInterval(this.beats);
    clearTimeout(this.retry);
    this.lose();
    if (this.redis.status !== 'end') {
      this.redis.disconnect();
    }
  }

  /** For whoever knows that commands may go to another server from now on. */
  restart(): void {
    this.lose();
    if (this.redis.status === 'ready') {
      this.redis.disconnect(true);
    }
  }

  /**
   * Whether every change that Redis made until half a second ago has been told. False also while there
   * is no connection. Costs a look at the clock.
   */
  isCurrent(): boolean {
    return performance.now() - this.completeUntilMs <= MAX_UNCONFIRMED_MS;
  }

  private connect(): void {
    // Whatever becomes of it is told by events.
    this.redis.connect().catch(() => undefined);
  }

  private async setUp(): Promise<void> {
    this.lose();
    const { connection } = this;
    try {
      await this.requireSameServer();
      const id = await this.redis.client('ID');
      const prefixes = this.prefixes.flatMap((prefix) => ['PREFIX', prefix]);
      await this.redis.call('CLIENT', 'TRACKING', 'ON', 'REDIRECT', id, 'BCAST', ...prefixes);
      await this.redis.subscribe(CHANNEL);
    } catch (error) {
      if (connection === this.connection) {
        this.giveUp(error);
      }
      return;
    }
    if (connection === this.connection) {
      this.isTracking = true;
      await this.ask();
    }
  }

  /** A failover may lead two connections to two servers, of which one says nothing of the other's. */
  private async requireSameServer(): Promise<void> {
    const own = parseInfo(await this.redis.info('server')).get('run_id');
    if (own === undefined) {
      throw new RefusedError('INFO names no run_id');
    }
    if (own !== (await this.serverOfCommands())) {
      throw new InternalError('commands go to another server');
    }
  }

  private giveUp(error: unknown): void {
    const { connection } = this;
    if (!isRefusal(error)) {
      const again = () => connection === this.connection && this.restart();
      this.retry = setTimeout(again, RETRY_MS).unref();
      return;
    }
    if (!this.refused) {
      this.refused = true;
      this.logger.warn(
        `Redis does not tell this client what changes (${errorText(error)}): the near cache stays empty`,
      );
    }
    this.redis.disconnect();
    this.retry = setTimeout(() => this.connect(), REFUSED_RETRY_MS).unref();
  }

  private beat(): void {
    if (!this.isTracking) {
      return;
    }
    if (this.askedMs === undefined) {
      void this.ask();
    } else if (performance.now() - this.askedMs > MAX_UNCONFIRMED_MS) {
      this.interrupt();
    }
  }

  private async ask(): Promise<void> {
    const { connection } = this;
    const askedMs = performance.now();
    this.askedMs = askedMs;
    const answered = await this.redis.ping().then(
      () => true,
      () => false,
    );
    if (connection !== this.connection) {
      return;
    }
    this.askedMs = undefined;
    if (answered) {
      await this.confirm(askedMs);
    } else {
      this.interrupt();
    }
  }

  /**
   * Within one turn of its loop Redis may answer a ping before it tells what it changed, but not in the
   * next turn: so an answer confirms what there was until the ping before it was sent.
   */
  private async confirm(askedMs: number): Promise<void> {
    const { askedBeforeMs } = this;
    this.askedBeforeMs = askedMs;
    if (askedBeforeMs === undefined) {
      await this.ask();
      return;
    }
    const isBeginning = this.completeUntilMs === -Infinity;
    this.completeUntilMs = askedBeforeMs;
    if (isBeginning) {
      this.refused = false;
      this.listener.allChanged();
    }
  }

  private tell(keys: unknown): void {
    if (Array.isArray(keys)) {
      this.listener.changed(keys.map(String));
    } else {
      this.listener.allChanged();
    }
  }

  private lose(): void {
    this.connection += 1;
    this.isTracking = false;
    this.askedMs = undefined;
    this.interrupt();
  }

  private interrupt(): void {
    this.askedBeforeMs = undefined;
    if (this.completeUntilMs !== -Infinity) {
      this.completeUntilMs = -Infinity;
      this.listener.allChanged();
    }
  }
}
