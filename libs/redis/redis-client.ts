import { Logger, type BeforeApplicationShutdown, type OnApplicationShutdown } from '@nestjs/common';
import type { Redis } from 'ioredis';
import {
  CircuitBreaker,
  DependencyUnavailableError,
  InternalError,
  type CircuitState,
  withDeadline,
} from '#libs/common';
import type { CallTimer, Metrics } from '#libs/metrics';
import type { Tracer } from '#libs/tracing';
import { reasonOfReply, type AwayReason } from './away-reason';
import { readLuaSource } from './lua-source';
import { parseInfo, readServer, SERVER_SECTIONS, type RedisServer } from './redis-server';
import { ServerConnection } from './server-connection';
import type { ProbeKind } from './server-probe';
import { warningsOf, type ServerWarningCode } from './server-warnings';

/** A loaded script: declared keys first, then arguments. One round trip. */
export type RedisScript = (
  keys: readonly string[],
  args: readonly (string | number)[],
) => Promise<unknown>;

/** A key that need not exist, for testing whether Redis answers. */
const PING_KEY = 'latchkey:probe:ping';

/**
 * The interface to Redis: named scripts, and a few plain commands for health checks. Every call rejects with
 * DependencyUnavailableError if Redis cannot answer in time; immediately, without a command, while the server cannot be
 * used or its circuit breaker is open.
 */
export class RedisClient implements BeforeApplicationShutdown, OnApplicationShutdown {
  private readonly logger = new Logger('Redis');
  private readonly connection: ServerConnection;
  private readonly circuit: CircuitBreaker;
  private readonly calls = new Map<string, CallTimer>();
  private warned: ServerWarningCode[] = [];

  /**
   * @param timeoutMs until a command counts as unanswered, including the wait before it is sent.
   */
  constructor(
    private readonly redis: Redis,
    private readonly timeoutMs: number,
    private readonly metrics: Metrics,
    private readonly tracer: Tracer,
  ) {
    this.connection = new ServerConnection(redis, this.logger);
    this.circuit = new CircuitBreaker('redis', this.connection.circuitLog);
    metrics.stores.watchCircuit('redis', () => this.circuit.state);
    this.connection.onUsable(() => {
      this.circuit.close();
      void this.lookAtServer();
    });
  }

  /** @param listener called each time Redis becomes usable, and immediately if it is. */
  onConnected(listener: () => void): void {
    this.connection.onUsable(listener);
  }

  /** @param listener called when Redis becomes unusable, before it can become usable again. */
  onDisconnected(listener: () => void): void {
    this.connection.onLost(listener);
  }

  /**
   * Registers a key for the probe, for a prefix that the product uses: the Redis user may be restricted to some keys.
   * @param key that no other code uses.
   */
  tryKey(key: string, kind: ProbeKind): void {
    this.connection.tryKey(key, kind);
  }

  /** Why Redis cannot be used; null while it can, as far as known. */
  get awayReason(): AwayReason | null {
    return this.connection.awayReason;
  }

  /**
   * Loads a script from its file, once, at start; a missing file stops the start. Scripts run by hash; the text is sent
   * only when the connection or the server lacks it.
   */
  script(path: string): RedisScript {
    const { name, source } = readLuaSource(path);
    this.redis.defineCommand(name, { lua: source });
    // As the driver documents it: the command becomes a method of that name.
    const commands = this.redis as Redis & Record<string, (...all: unknown[]) => Promise<unknown>>;
    return (keys, args) =>
      this.run(name, async () => commands[name]?.(keys.length, ...keys, ...args));
  }

  /** The value of a string key, or null. One round trip. */
  get(key: string): Promise<string | null> {
    return this.run('get', () => this.redis.get(key));
  }

  /**
   * A page of all keys, for jobs, never for a request. One round trip.
   * @param cursor `0` first, then the returned cursor, until that is `0`.
   * @param pattern as in SCAN's MATCH.
   * @param count approximate number of keys to scan.
   */
  async scan(
    cursor: string,
    pattern: string,
    count: number,
  ): Promise<{ cursor: string; keys: string[] }> {
    const scan = () => this.redis.scan(cursor, 'MATCH', pattern, 'COUNT', count);
    const [next, keys] = await this.run('scan', scan);
    return { cursor: next, keys };
  }

  /** Resolves if Redis answers. One round trip, a GET: PING may be forbidden. */
  async ping(): Promise<void> {
    await this.run('ping', () => this.redis.get(PING_KEY));
  }

  /**
   * The server's own report, even if the server cannot be used. One round trip, one INFO.
   * @throws DependencyUnavailableError also if INFO is forbidden.
   */
  async inspect(): Promise<RedisServer> {
    try {
      const text = await this.inTime(this.redis.info(...SERVER_SECTIONS));
      return readServer(parseInfo(text));
    } catch (error) {
      throw new DependencyUnavailableError('redis', { cause: error });
    }
  }

  /** Why no command is sent; undefined while Redis can be used. */
  get connectionFailure(): Error | undefined {
    return this.connection.away ?? undefined;
  }

  /** Whether the circuit breaker admits commands. */
  get circuitState(): CircuitState {
    return this.circuit.state;
  }

  beforeApplicationShutdown(): void {
    this.connection.stop();
  }

  onApplicationShutdown(): void {
    this.circuit.shutdown();
  }

  /** Logs each warning of a server once, and again if it recurs. */
  private async lookAtServer(): Promise<void> {
    try {
      const warnings = warningsOf(await this.inspect());
      warnings
        .filter(({ code }) => !this.warned.includes(code))
        .forEach(({ message }) => this.logger.warn(message));
      this.warned = warnings.map(({ code }) => code);
    } catch {
      // The connection is lost again, or INFO is forbidden; the health report shows that.
    }
  }

  /** @param name of the script or command, for metrics and traces. */
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
    const { away } = this.connection;
    if (away) {
      throw new DependencyUnavailableError('redis', { cause: away });
    }
    try {
      return await this.inTime(command());
    } catch (error) {
      throw this.asDomainError(error);
    }
  }

  /** The driver's own timeout covers one command; a script that the server has forgotten takes two. */
  private inTime<T>(command: Promise<T>): Promise<T> {
    return withDeadline(command, this.timeoutMs, noAnswer);
  }

  /**
   * A reply such as WRONGTYPE is a fault of this program and stays unchanged; all other errors mean that Redis is
   * unavailable.
   */
  private asDomainError(error: unknown): unknown {
    if (error instanceof Error && error.name === 'ReplyError') {
      const reason = reasonOfReply(error.message);
      if (reason === null) {
        return error;
      }
      this.connection.refused(reason);
    }
    return new DependencyUnavailableError('redis', { cause: error });
  }
}

function noAnswer(): Error {
  return new InternalError('no answer in time');
}
