import { Logger, type OnApplicationShutdown } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { CircuitBreaker, DependencyUnavailableError } from '#libs/common';
import type { CallTimer, Metrics } from '#libs/metrics';
import { readLuaSource } from './lua-source';

/** A loaded script: declared keys first, then arguments. One round trip. */
export type RedisScript = (
  keys: readonly string[],
  args: readonly (string | number)[],
) => Promise<unknown>;

/**
 * Error replies by which Redis says "not now" rather than "you are wrong": it is not ready, has no room,
 * is busy, lets this client do nothing, or was told to stop what it did.
 */
const UNAVAILABLE_REPLY =
  /^(LOADING|READONLY|MASTERDOWN|CLUSTERDOWN|NOREPLICAS|OOM|MISCONF|BUSY|UNKILLABLE|NOAUTH|NOPERM|WRONGPASS|ERR Script killed)\b/;

/**
 * Redis as the product sees it: named scripts, and a few plain calls for health. Every call rejects
 * with DependencyUnavailableError when Redis cannot answer in time, and at once, without asking,
 * while its circuit breaker is open.
 */
export class RedisClient implements OnApplicationShutdown {
  private readonly logger = new Logger('Redis');
  private readonly circuit = new CircuitBreaker('redis');
  private failing = false;
  private readonly calls = new Map<string, CallTimer>();

  /** @param timeoutMs until a command counts as unanswered, waiting to be sent included. */
  constructor(
    private readonly redis: Redis,
    private readonly timeoutMs: number,
    private readonly metrics: Metrics,
  ) {
    metrics.stores.watchCircuit('redis', () => this.circuit.state);
    redis.on('ready', () => {
      this.failing = false;
      this.circuit.close();
      this.logger.log('connected');
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
   * Loads a script from its file, once, at start: a missing file stops the start.
   * Runs by hash; the text travels only when a connection or server has not seen it yet.
   */
  script(path: string): RedisScript {
    const { name, source } = readLuaSource(path);
    this.redis.defineCommand(name, { lua: source });
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

  /** The fields of one section of INFO. One round trip. */
  async info(section: 'memory' | 'server' | 'replication'): Promise<Map<string, string>> {
    const text = await this.run('info', () => this.redis.info(section));
    const lines = text.split('\r\n').filter((line) => line.includes(':'));
    return new Map(
      lines.map((line) => {
        const colon = line.indexOf(':');
        return [line.slice(0, colon), line.slice(colon + 1)];
      }),
    );
  }

  onApplicationShutdown(): void {
    this.circuit.shutdown();
  }

  /** @param name of the script or command, under which it is measured. */
  private run<T>(name: string, command: () => Promise<T>): Promise<T> {
    const call = this.callOf(name);
    return this.circuit.run(() => call.measure(() => this.send(command)));
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
    this.logger[this.failing ? 'debug' : 'warn'](`connection failed: ${error.message}`);
    this.failing = true;
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
    const timer = setTimeout(() => reject(new Error('no answer in time')), timeoutMs);
    command.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
