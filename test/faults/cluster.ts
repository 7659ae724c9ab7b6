import { createTestDatabase } from '../support/stores';
import { SentinelGroup } from '../support/sentinel';
import { TcpProxy } from '../support/tcp-proxy';
import { until } from '../support/until';
import { Instance } from './instance';
import { PostgresNode } from './postgres-node';
import { RedisCluster } from './redis-cluster';
import { RedisNode } from './redis-node';
import { stablePort } from './stable-port';

export interface ClusterOptions {
  /** A Postgres that may be stopped; otherwise a database on that of all tests. */
  ownPostgres?: boolean;
  /** Redis keeps an append-only file. */
  appendOnly?: boolean;
  /** A replica of Redis stands by. */
  replica?: boolean;
  /** Redis is a Cluster of three masters with a replica each. */
  shards?: boolean;
  /** Redis is a master with two replicas, which Sentinels watch. */
  sentinels?: boolean;
  /** Environment of the instances. */
  env?: Record<string, string>;
  /** The names of the instances; two when absent. */
  names?: readonly string[];
  /** The bug in every instance. */
  bug?: string;
}

/** Between one instance and the stores. */
interface Wires {
  redis: TcpProxy;
  postgres: TcpProxy;
}

interface Database {
  url: string;
  query<Row extends object>(sql: string, parameters?: unknown[]): Promise<Row[]>;
  stop(): Promise<void>;
}

/** A replica and the wire to its master. */
export interface Replica {
  node: RedisNode;
  replication: TcpProxy;
}

/** As docs/redis.md asks: a master that was replaced while it hung takes no writes when it goes on. */
const NO_SPLIT = ['--min-replicas-to-write', '1', '--min-replicas-max-lag', '2'];

const NAMES = ['a', 'b'];
const SETTLE_DEADLINE_MS = 60_000;

/** Instances of the API, the stores they share, and a wire from each instance to each store. */
export class Cluster {
  readonly instances: Instance[] = [];
  private readonly wires = new Map<string, Wires>();

  private constructor(
    private master: RedisNode,
    private standby: Replica | undefined,
    readonly database: Database,
    /** The server under `database`, if it is the cluster's own. */
    readonly postgres: PostgresNode | undefined,
    private readonly redisCluster: RedisCluster | undefined,
    private readonly sentinelGroup: SentinelGroup | undefined,
  ) {}

  static async start(options: ClusterOptions = {}): Promise<Cluster> {
    const [redis, redisCluster, sentinels, [database, postgres]] = await Promise.all([
      RedisNode.start({ appendOnly: options.appendOnly ?? false }),
      options.shards ? RedisCluster.start() : undefined,
      options.sentinels ? SentinelGroup.start({ flags: NO_SPLIT }) : undefined,
      options.ownPostgres ? ownDatabase() : sharedDatabase(),
    ]);
    const standby = options.replica ? await startReplica(redis) : undefined;
    const cluster = new Cluster(redis, standby, database, postgres, redisCluster, sentinels);
    const starting = (options.names ?? NAMES).map((name) => cluster.startInstance(name, options));
    cluster.instances.push(...(await Promise.all(starting)));
    await cluster.settled();
    return cluster;
  }

  /** The Redis that the wires lead to. */
  get redis(): RedisNode {
    return this.master;
  }

  get replica(): Replica {
    if (!this.standby) {
      throw new Error('this cluster has no replica');
    }
    return this.standby;
  }

  /** The Redis Cluster, in place of the Redis that the wires lead to. */
  get shards(): RedisCluster {
    if (!this.redisCluster) {
      throw new Error('this cluster has no Redis Cluster');
    }
    return this.redisCluster;
  }

  /** The master, its replicas and their Sentinels, in place of the Redis that the wires lead to. */
  get sentinels(): SentinelGroup {
    if (!this.sentinelGroup) {
      throw new Error('this cluster has no Sentinels');
    }
    return this.sentinelGroup;
  }

  instance(name: string): Instance {
    return this.instances.find((instance) => instance.name === name)!;
  }

  /** @param names of instances; all when absent. */
  redisWires(names: Iterable<string> = this.wires.keys()): TcpProxy[] {
    return [...names].map((name) => this.wires.get(name)!.redis);
  }

  postgresWires(names: Iterable<string> = this.wires.keys()): TcpProxy[] {
    return [...names].map((name) => this.wires.get(name)!.postgres);
  }

  /** Makes the replica the master; the wires do not lead there yet. */
  async promoteReplica(): Promise<void> {
    const { node, replication } = this.replica;
    await node.promote();
    replication.stop();
    this.master = node;
    this.standby = undefined;
  }

  /** Starts a replica of the current master. */
  async addReplica(): Promise<void> {
    this.standby = await startReplica(this.master);
  }

  /**
   * Resolves when every instance that runs is ready and its Redis is in sync.
   * @throws Error with the logs when that takes too long.
   */
  async settled(): Promise<void> {
    const deadlineMs = performance.now() + SETTLE_DEADLINE_MS;
    await until(
      'every instance is ready and in sync with Redis',
      async () => {
        const running = this.instances.filter((instance) => instance.isRunning);
        const all = await Promise.all(running.map((instance) => instance.readiness()));
        if (performance.now() > deadlineMs) {
          const logs = running.map(({ name, logTail }) => `log of ${name}:\n${logTail}`);
          throw new Error([`not settled: ${JSON.stringify(all)}`, ...logs].join('\n'));
        }
        return all;
      },
      (all) => all.every((readiness) => readiness?.status === 200 && readiness.redisIsUp),
    );
  }

  /** Restores every wire. */
  restoreWires(): void {
    this.wires.forEach(({ redis, postgres }) =>
      [redis, postgres].forEach((wire) => wire.restore()),
    );
  }

  async stop(): Promise<void> {
    await Promise.all(this.instances.map((instance) => instance.stop()));
    this.wires.forEach(({ redis, postgres }) => [redis, postgres].forEach((wire) => wire.stop()));
    this.standby?.replication.stop();
    await Promise.all([
      this.standby?.node.stop(),
      this.master.stop(),
      this.redisCluster?.stop(),
      this.sentinelGroup?.stop(),
      this.database.stop(),
    ]);
  }

  private async startInstance(name: string, options: ClusterOptions): Promise<Instance> {
    const databaseUrl = new URL(this.database.url);
    const [redis, postgres] = await Promise.all([
      TcpProxy.start(this.redis.port, await stablePort()),
      TcpProxy.start(Number(databaseUrl.port), await stablePort()),
    ]);
    this.wires.set(name, { redis, postgres });
    databaseUrl.port = String(postgres.port);
    const { bug } = options;
    const nodes = this.redisCluster && { REDIS_CLUSTER_NODES: this.redisCluster.addresses };
    const env = { ...nodes, ...this.sentinelGroup?.env, ...options.env };
    const redisUrl = `redis://127.0.0.1:${redis.port}`;
    return Instance.start({ name, databaseUrl: databaseUrl.href, redisUrl, env, bug });
  }
}

async function startReplica(master: RedisNode): Promise<Replica> {
  const replication = await TcpProxy.start(master.port);
  const node = await RedisNode.start({ masterPort: replication.port });
  await until('the replica has caught up', () => node.caughtUp());
  return { node, replication };
}

async function ownDatabase(): Promise<[Database, PostgresNode]> {
  const postgres = await PostgresNode.start();
  return [postgres, postgres];
}

async function sharedDatabase(): Promise<[Database, undefined]> {
  const { url, sql, drop } = await createTestDatabase();
  const database: Database = {
    url,
    query: (statement, parameters) => sql.query(statement, parameters),
    stop: drop,
  };
  return [database, undefined];
}
