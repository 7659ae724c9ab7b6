import { Logger } from '@nestjs/common';
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
import type { readLuaSource } from './lua-source';
import { parseInfo, readServer, SERVER_SECTIONS, type RedisServer } from './redis-server';
import { ServerConnection } from './server-connection';
import { ServerProbe, type ProbeKeys } from './server-probe';
import { warningsOf, type ServerWarningCode } from './server-warnings';

/** A script with its text, as `readLuaSource` returns it. */
export type NamedScript = ReturnType<typeof readLuaSource>;

/**
 * The server has another part of the data than the command needs: the slot is elsewhere, or on its way there. Says
 * nothing against the server.
 */
export class RedirectedError extends DependencyUnavailableError {
  constructor(cause: Error) {
    super('redis', { cause });
  }
}

/** The replies of a node of a Cluster by which it refuses the keys of a command. */
const REDIRECTION = /^(MOVED|ASK|TRYAGAIN|CLUSTERDOWN)\b/;

type Result<T> = { value: T } | { redirected: RedirectedError };

export interface NodeOptions {
  redis: Redis;
  /** Milliseconds until a command counts as unanswered, including the wait before it is sent. */
  timeoutMs: number;
  metrics: Metrics;
  tracer: Tracer;
  probeKeys: ProbeKeys;
  /** For the log. */
  name?: string;
}

/**
 * One Redis server: named scripts, and a few plain commands for health checks. Every call rejects with
 * DependencyUnavailableError if the server cannot answer in time; immediately, without a command, while it cannot be
 * used or its circuit breaker is open.
 */
export class RedisNode {
  private readonly logger = new Logger('Redis');
  private readonly connection: ServerConnection;
  private readonly circuit: CircuitBreaker;
  private readonly calls = new Map<string, CallTimer>();
  private readonly redis: Redis;
  private warned: ServerWarningCode[] = [];
  /** When the server last answered, or the connection was found usable. */
  private answeredMs = performance.now();

  constructor(private readonly options: NodeOptions) {
    this.redis = options.redis;
    const probe = new ServerProbe(this.redis, options.probeKeys);
    this.connection = new ServerConnection(this.redis, this.logger, probe, options.name);
    this.circuit = new CircuitBreaker('redis', this.connection.circuitLog);
    this.connection.onUsable(() => {
      this.answeredMs = performance.now();
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

  /** Why Redis cannot be used; null while it can, as far as known. */
  get awayReason(): AwayReason | null {
    return this.connection.awayReason;
  }

  /** Makes a script known to the driver. It runs by hash; the text is sent only when the server lacks it. */
  define({ name, source }: NamedScript): void {
    this.redis.defineCommand(name, { lua: source });
  }

  /** Runs a defined script. One round trip. */
  runScript(
    name: string,
    keys: readonly string[],
    args: readonly (string | number)[],
  ): Promise<unknown> {
    // As the driver documents it: the command becomes a method of that name.
    const commands = this.redis as Redis & Record<string, (...all: unknown[]) => Promise<unknown>>;
    return this.run(name, async () => commands[name]?.(keys.length, ...keys, ...args));
  }

  /** Tries the server again: keys for the probe were added. */
  tryAgain(): void {
    this.connection.probeAgain();
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

  /**
   * Resolves if the server answers. One round trip, a GET: PING may be forbidden.
   * @param key that need not exist, of any partition.
   */
  async ping(key: string): Promise<void> {
    const here = this.options.probeKeys.here(key) ?? key;
    await this.run('ping', () => this.redis.get(here));
  }

  /** The parts of a Cluster and their masters, as CLUSTER SLOTS tells them. One round trip, even if it cannot be used. */
  clusterSlots(): Promise<unknown[]> {
    return this.inTime(this.redis.cluster('SLOTS'));
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

  /** Why no command is sent; null while the server can be used. */
  get connectionFailure(): Error | null {
    return this.connection.away;
  }

  /** Whether the circuit breaker admits commands. */
  get circuitState(): CircuitState {
    return this.circuit.state;
  }

  /** From now on the end of its connection is no outage. */
  stop(): void {
    this.connection.stop();
  }

  /** Every later call is refused. */
  close(): void {
    this.connection.stop();
    this.circuit.shutdown();
    this.redis.disconnect();
  }

  /** Logs each warning of a server once, and again if it recurs. */
  private async lookAtServer(): Promise<void> {
    try {
      const { probeKeys } = this.options;
      const [anyKey = ''] = probeKeys.kinds.keys();
      if (probeKeys.here(anyKey) === null) {
        // It was only asked for the masters, and may be none.
        return;
      }
      const warnings = warningsOf(await this.inspect(), probeKeys.isCluster);
      warnings
        .filter(({ code }) => !this.warned.includes(code))
        .forEach(({ message }) => this.logger.warn(message));
      this.warned = warnings.map(({ code }) => code);
    } catch {
      // The connection is lost again, or INFO is forbidden; the health report shows that.
    }
  }

  /** @param name of the script or command, for metrics and traces. */
  private async run<T>(name: string, command: () => Promise<T>): Promise<T> {
    const { tracer } = this.options;
    const result = await tracer.span(name, 'redis', () =>
      this.circuit.run(() => this.callOf(name).measure(() => this.send(command))),
    );
    if ('redirected' in result) {
      throw result.redirected;
    }
    return result.value;
  }

  private callOf(name: string): CallTimer {
    let call = this.calls.get(name);
    if (!call) {
      call = this.options.metrics.stores.redisCommand(name);
      this.calls.set(name, call);
    }
    return call;
  }

  /** A redirection is no failure for the circuit breaker, so it is returned. */
  private async send<T>(command: () => Promise<T>): Promise<Result<T>> {
    const { away } = this.connection;
    if (away) {
      throw new DependencyUnavailableError('redis', { cause: away });
    }
    try {
      return { value: await this.inTime(command()) };
    } catch (error) {
      if (this.options.probeKeys.isCluster && isRedirection(error)) {
        return { redirected: new RedirectedError(error) };
      }
      throw this.asDomainError(error);
    }
  }

  /** The driver's own timeout covers one command; a script that the server has forgotten takes two. */
  private async inTime<T>(command: Promise<T>): Promise<T> {
    try {
      const answer = await withDeadline(command, this.options.timeoutMs, noAnswer);
      this.answeredMs = performance.now();
      return answer;
    } catch (error) {
      if (error instanceof Error && error.name === 'ReplyError') {
        this.answeredMs = performance.now();
      } else if (this.isSilent()) {
        // After the next reads: a process that was stalled itself finds the answers on a live connection.
        setImmediate(() => {
          if (this.isSilent()) {
            this.answeredMs = performance.now();
            this.connection.silent();
          }
        });
      }
      throw error;
    }
  }

  /** Twice the timeout of a command without any answer. */
  private isSilent(): boolean {
    return performance.now() - this.answeredMs > 2 * this.options.timeoutMs;
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

function isRedirection(error: unknown): error is Error {
  return error instanceof Error && REDIRECTION.test(error.message);
}

function noAnswer(): Error {
  return new InternalError('no answer in time');
}
