import type { BeforeApplicationShutdown, OnApplicationShutdown } from '@nestjs/common';
import { DependencyUnavailableError, InternalError, type CircuitState } from '#libs/common';
import type { Metrics } from '#libs/metrics';
import type { AwayReason } from './away-reason';
import { readLuaSource } from './lua-source';
import type { RedisKeys } from './redis-keys';
import { RedirectedError, type RedisNode } from './redis-node';
import type { PartitionsListener, RedisNodes } from './redis-nodes';
import { combineServers, type RedisServer } from './redis-server';
import type { ProbeKind } from './server-probe';

/**
 * A loaded script: declared keys first, then arguments. All keys are of one partition, that of the first. One round
 * trip; calls of one turn of the event loop are sent to a server together.
 */
export type RedisScript = (
  keys: readonly string[],
  args: readonly (string | number)[],
) => Promise<unknown>;

/**
 * The interface to Redis, one server or a Cluster: named scripts, and a few plain commands for health checks and jobs.
 * Every call rejects with DependencyUnavailableError if Redis cannot answer in time; immediately, without a command,
 * while the server cannot be used, is not known, or its circuit breaker is open.
 */
export class RedisClient implements BeforeApplicationShutdown, OnApplicationShutdown {
  /** @param probeKinds the keys that the servers are probed with, as their owner passes them to the servers. */
  constructor(
    readonly keys: RedisKeys,
    private readonly nodes: RedisNodes,
    private readonly probeKinds: Map<string, ProbeKind>,
    metrics: Metrics,
  ) {
    metrics.stores.watchCircuit('redis', () => this.circuitState);
  }

  /** @param listener called when partitions become usable, and immediately for those that are. */
  onConnected(listener: PartitionsListener): void {
    this.nodes.onUsable(listener);
  }

  /** @param listener called when partitions become unusable, before they can become usable again. */
  onDisconnected(listener: PartitionsListener): void {
    this.nodes.onLost(listener);
  }

  /** Whether commands of a partition are sent, as far as known. */
  isUsable(partition: number): boolean {
    return this.nodes.of(partition)?.connectionFailure === null;
  }

  /**
   * Registers a key for the probe, for a prefix that the product uses: the Redis user may be restricted to some keys.
   * @param key that no other code uses.
   */
  tryKey(key: string, kind: ProbeKind): void {
    this.probeKinds.set(key, kind);
    this.nodes.tryAgain();
  }

  /** Why Redis, or a part of it, cannot be used; null while all of it can, as far as known. */
  get awayReason(): AwayReason | null {
    return this.nodes.awayReason;
  }

  /** Loads a script from its file, once, at start; a missing file stops the start. */
  script(path: string): RedisScript {
    const script = readLuaSource(path);
    this.nodes.define(script);
    return (keys, args) =>
      this.at(this.keys.partitionOfKey(keys[0] ?? ''), (node) =>
        node.runScript(script.name, keys, args),
      );
  }

  /** The value of a string key, or null. One round trip. */
  get(key: string): Promise<string | null> {
    return this.at(this.keys.partitionOfKey(key), (node) => node.get(key));
  }

  /**
   * All keys that match a pattern, in pages, for jobs, never for a request. One round trip for each page. A key may
   * occur more than once, and a page may be empty.
   * @param pattern as in SCAN's MATCH.
   * @param count approximate number of keys to scan for a page.
   */
  async *scan(pattern: string, count: number): AsyncGenerator<string[], void> {
    for (const node of this.nodes.all()) {
      let cursor = FIRST_CURSOR;
      do {
        const page = await node.scan(cursor, pattern, count);
        yield page.keys;
        ({ cursor } = page);
      } while (cursor !== FIRST_CURSOR);
    }
  }

  /** Resolves if all servers answer. One round trip to each. */
  async ping(): Promise<void> {
    const nodes = this.nodes.all();
    if (nodes.length === 0) {
      throw unknownServer();
    }
    await Promise.all(nodes.map((node) => node.ping(this.keys.probe('ping'))));
  }

  /**
   * The servers' own report, even if they cannot be used. One round trip, one INFO, to each.
   * @throws DependencyUnavailableError also if INFO is forbidden.
   */
  async inspect(): Promise<RedisServer> {
    const nodes = this.nodes.all();
    if (nodes.length === 0) {
      throw unknownServer();
    }
    return combineServers(await Promise.all(nodes.map((node) => node.inspect())));
  }

  /** Why commands are not sent; undefined while Redis can be used. */
  get connectionFailure(): Error | undefined {
    return this.firstOf(({ connectionFailure }) => connectionFailure) ?? undefined;
  }

  /** Whether the circuit breakers admit commands: the worst of them. */
  get circuitState(): CircuitState {
    const states = this.nodes.all().map(({ circuitState }) => circuitState);
    return (
      states.find((state) => state === 'open') ?? states.find((s) => s !== 'closed') ?? 'closed'
    );
  }

  beforeApplicationShutdown(): void {
    this.nodes.stop();
  }

  onApplicationShutdown(): void {
    this.nodes.close();
  }

  private async at<T>(partition: number, command: (node: RedisNode) => Promise<T>): Promise<T> {
    const node = this.nodes.of(partition);
    if (!node) {
      throw unknownServer();
    }
    try {
      return await command(node);
    } catch (error) {
      if (error instanceof RedirectedError) {
        this.nodes.redirected(partition);
      }
      throw error;
    }
  }

  private firstOf<T>(property: (node: RedisNode) => T | null): T | null {
    for (const node of this.nodes.all()) {
      const value = property(node);
      if (value !== null) {
        return value;
      }
    }
    return null;
  }
}

/** First and last cursor of SCAN. */
const FIRST_CURSOR = '0';

function unknownServer(): DependencyUnavailableError {
  return new DependencyUnavailableError('redis', {
    cause: new InternalError('no server is known yet'),
  });
}
