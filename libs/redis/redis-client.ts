import { Logger, type OnApplicationShutdown } from '@nestjs/common';
import type { Redis } from 'ioredis';
import {
  CircuitBreaker,
  DependencyUnavailableError,
  InternalError,
  type CircuitState,
} from '#libs/common';
import { errorText } from '#libs/log';
import type { CallTimer, Metrics } from '#libs/metrics';
import type { Tracer } from '#libs/tracing';
import { KeyChangeFeed, type KeyChangeListener } from './key-change-feed';
import { readLuaSource } from './lua-source';
import { parseInfo, readServer, SERVER_SECTIONS, type RedisServer } from './redis-server';
import { warningsOf, type ServerWarningCode } from './server-warnings';

/** A loaded script: declared keys first, then arguments. One round trip. */
export type RedisScript = (
  keys: readonly string[],
  args: readonly (string | number)[],
) => Promise<unknown>;

/**
 * Error replies by which Redis says "not now" rather than "you are wrong": it is not ready, has no room,
 * is busy, lets this client do nothing, was told to stop what it did, or is a node of a cluster.
 */
const UNAVAILABLE_REPLY =
  /^(LOADING|READONLY|MASTERDOWN|CLUSTERDOWN|CROSSSLOT|MOVED|ASK|TRYAGAIN|NOREPLICAS|OOM|MISCONF|BUSY|UNKILLABLE|NOAUTH|NOPERM|WRONGPASS|ERR Script killed)\b/;

/**
 * Redis as the product sees it: named scripts, and a few plain calls for health. Every call rejects
 * with DependencyUnavailableError when Redis cannot answer in time, and at once, without asking,
 * while its circuit breaker is open.
 */
export class RedisClient implements OnApplicationShutdown {
  private readonly logger = new Logger('Redis');
  private readonly circuit = new CircuitBreaker('redis');
  private failing = false;
  private lastFailure: Error | undefined;
  private readonly calls = new Map<string, CallTimer>();
  private seen: RedisServer | null = null;
  private warned: ServerWarningCode[] = [];

  /** @param timeoutMs until a command counts as unanswered, waiting to be sent included. */
  constructor(
    private readonly redis: Redis,
    private readonly timeoutMs: number,
    private readonly metrics: Metrics,
    private readonly tracer: Tracer,
  ) {
    metrics.stores.watchCircuit('redis', () => this.circuit.state);
    redis.on('ready', () => {
      this.failing = false;
      this.lastFailure = undefined;
      this.circuit.close();
      this.logger.log('connected');
      void this.lookAtServer();
    });
    redis.on('error', (error: Error) => this.warnOnce(error));
  }

  /** @param listener called when a connection can be used, and at once if one already can. */
  onConnected(listener: () => void): void {
    this.redis.on('ready', listener);
    if (this.redis.status === 'ready') {
      listener();
    }
  }

  /** @param listener called when a connection has ended: before a next one can be used. */
  onDisconnected(listener: () => void): void {
    this.redis.on('close', listener);
  }

  /**
   * Tells of every change of keys with these prefixes, on a connection of its own with the options of
   * this one. To be started, and to be stopped.
   */
  watchKeys(prefixes: readonly string[], listener: KeyChangeListener): KeyChangeFeed {
    const connection = this.redis.duplicate({
      lazyConnect: true,
      // A next connection is another client to Redis, whose changes nobody has asked for yet.
      autoResubscribe: false,
      enableAutoPipelining: false,
      // The feed notices by itself, and goes on when it was this process that stood still.
      commandTimeout: undefined,
    });
    const feed = new KeyChangeFeed(connection, prefixes, listener, () => this.serverRunId());
    this.onDisconnected(() => feed.restart());
    return feed;
  }

  /**
   * Loads a script from its file, once, at start: a missing file stops the start.
   * Runs by hash; the text travels only when a connection or server has not seen it yet.
   * @param pipelined whether calls of one turn of the event loop are sent together. Not worth its price
   * where whoever calls has put them together already.
   */
  script(path: string, { pipelined = true } = {}): RedisScript {
    const { name, source } = readLuaSource(path);
    this.redis.defineCommand(name, { lua: source });
    if (!pipelined) {
      this.redis.options.autoPipeliningIgnoredCommands?.push(name);
    }
    const commands = this.redis as unknown as Record<
      string,
      (...all: unknown[]) => Promise<unknown>
    >;
    return (keys, args) =>
      this.run(name, async () => commands[name]?.(keys.length, ...keys, ...args));
  }

  /** The value of a string key, or null. One round trip. */
  get(key: string): Promise<string | null> {
    return this.run('get', () => this.redis.get(key));
  }

  /** All fields of a hash that is known to be small. One round trip. */
  getHash(key: string): Promise<Record<string, string>> {
    return this.run('hgetall', () => this.redis.hgetall(key));
  }

  /** Removes fields of a hash. One round trip. */
  async deleteFields(key: string, fields: readonly string[]): Promise<void> {
    await this.run('hdel', () => this.redis.hdel(key, ...fields));
  }

  /**
   * A part of all keys, for jobs: never for a request. One round trip.
   * @param cursor `0` at first, then what came back, until that is `0`.
   * @param count about how many keys to look at.
   */
  async scan(cursor: string, count: number): Promise<{ cursor: string; keys: string[] }> {
    const [next, keys] = await this.run('scan', () => this.redis.scan(cursor, 'COUNT', count));
    return { cursor: next, keys };
  }

  /** Resolves when Redis answers. One round trip. */
  async ping(): Promise<void> {
    await this.run('ping', () => this.redis.ping());
  }

  /** What the server says of itself. One round trip, one INFO. */
  async inspect(): Promise<RedisServer> {
    const text = await this.run('info', () => this.redis.info(...SERVER_SECTIONS));
    this.seen = readServer(parseInfo(text));
    return this.seen;
  }

  /** The server as it was when it was last looked at, which is at every connection; null: never. */
  get lastSeen(): RedisServer | null {
    return this.seen;
  }

  /** Why there is no connection; undefined while there is one, and before the first attempt has failed. */
  get connectionFailure(): Error | undefined {
    return this.lastFailure;
  }

  /** Whether commands are sent at all. */
  get circuitState(): CircuitState {
    return this.circuit.state;
  }

  onApplicationShutdown(): void {
    this.circuit.shutdown();
  }

  private async serverRunId(): Promise<string | undefined> {
    const text = await this.run('info', () => this.redis.info('server'));
    return parseInfo(text).get('run_id');
  }

  /** Says once what is wrong with a server, and again when it was right in between. */
  private async lookAtServer(): Promise<void> {
    try {
      const warnings = warningsOf(await this.inspect());
      warnings
        .filter(({ code }) => !this.warned.includes(code))
        .forEach(({ message }) => this.logger.warn(message));
      this.warned = warnings.map(({ code }) => code);
    } catch {
      // It is gone again, or keeps its INFO to itself: whoever asks for its health is told.
    }
  }

  /** @param name of the script or command, under which it is measured and traced. */
  private run<T>(name: string, command: () => Promise<T>): Promise<T> {
    const call = this.callOf(name);
    return this.tracer.span(name, 'redis', () =>
      this.circuit.run(() => call.measure(() => this.send(command))),
    );
  }

  private callOf(name: string): CallTimer {
    let call = this.calls.get(name);
    if (!call) {
      call = this.metrics.stores.redisCommand(name);
      this.calls.set(name, call);
    }
    return call;
  }

  private async send<T>(command: () => Promise<T>): Promise<T> {
    try {
      return await inTime(command(), this.timeoutMs);
    } catch (error) {
      throw asDomainError(error);
    }
  }

  /** A Redis that is away fails a connection several times a second: one line tells it. */
  private warnOnce(error: Error): void {
    this.logger[this.failing ? 'debug' : 'warn'](`connection failed: ${errorText(error)}`);
    this.failing = true;
    this.lastFailure = error;
  }
}

/** A reply such as WRONGTYPE is a fault of ours and stays what it is; the rest is Redis being away. */
function asDomainError(error: unknown): unknown {
  const isReply = error instanceof Error && error.name === 'ReplyError';
  if (isReply && !UNAVAILABLE_REPLY.test(error.message)) {
    return error;
  }
  return new DependencyUnavailableError('redis', { cause: error });
}

/** The driver's own deadline begins when a command is sent, and pipelines wait for each other. */
function inTime<T>(command: Promise<T>, timeoutMs: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new InternalError('no answer in time')), timeoutMs);
    command.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
