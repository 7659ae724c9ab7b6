import { performance } from 'node:perf_hooks';
import type { Cluster } from './cluster';
import type { FaultWindow } from './history';
import type { Instance } from './instance';
import type { Snapshot } from './redis-node';

type Target = FaultWindow['target'];

/**
 * Causes real faults of the stores and the instances, and records when each began; `recovered` records
 * when it was over. A method resolves as soon as the fault has begun.
 */
export class Faults {
  private readonly noted: FaultWindow[] = [];
  private hasPostgresCrashed = false;

  constructor(private readonly cluster: Cluster) {}

  /** So far. A fault that has not ended has no end. */
  get windows(): readonly FaultWindow[] {
    return this.noted;
  }

  /** Resolves when every instance is ready and in sync with Redis. Records the end of all faults. */
  async recovered(): Promise<void> {
    await this.cluster.settled();
    const endMs = performance.now();
    this.noted
      .filter((window) => window.endMs === Infinity)
      .forEach((window) => (window.endMs = endMs));
  }

  // Redis loses data, and no client loses its connection.

  async flushAll(): Promise<void> {
    this.loseData();
    await this.cluster.redis.client.flushall();
  }

  /** Deletes the keys that match a pattern of SCAN. @returns how many. */
  async evict(pattern: string): Promise<number> {
    this.loseData();
    const { client } = this.cluster.redis;
    let deleted = 0;
    for await (const keys of client.scanStream({ match: pattern, count: 1000 })) {
      const names = keys as string[];
      deleted += names.length === 0 ? 0 : await client.del(...names);
    }
    return deleted;
  }

  // Redis dies and comes back.

  async killRedis(): Promise<void> {
    this.loseData();
    await this.cluster.redis.kill();
    await Promise.all(this.cluster.redisWires().map((wire) => wire.refuse()));
  }

  async restartRedisEmpty(): Promise<void> {
    await this.cluster.redis.startEmpty();
    await this.acceptRedis();
  }

  async restartRedisFrom(snapshot: Snapshot): Promise<void> {
    await this.cluster.redis.startFrom(snapshot);
    await this.acceptRedis();
  }

  /** @param truncatedBytes missing at the end of its file. */
  async restartRedisFromAppendOnlyFile(truncatedBytes = 0): Promise<void> {
    this.cluster.redis.truncateAppendOnlyFile(truncatedBytes);
    await this.cluster.redis.startAgain();
    await this.acceptRedis();
  }

  /** From now on the replica receives no write. */
  cutReplication(): void {
    this.cluster.replica.replication.cut();
  }

  /** The master dies, and the replica has the only data. */
  async failOver(): Promise<void> {
    this.loseData();
    const { redis: master } = this.cluster;
    await master.stop();
    await this.cluster.promoteReplica();
    this.leadToMaster();
  }

  /** Of a Redis Cluster, or of servers that Sentinels watch. */
  async ofServers(fault: () => unknown): Promise<void> {
    this.loseData();
    await fault();
  }

  // Redis is up and does not answer.

  /** CLIENT PAUSE: no client is served for a while. */
  async pauseRedis(ms: number): Promise<void> {
    this.begin('redis');
    await this.cluster.redis.client.call('CLIENT', 'PAUSE', ms, 'ALL');
  }

  /** SIGSTOP. */
  suspendRedis(): void {
    this.begin('redis');
    this.cluster.redis.suspend();
  }

  resumeRedis(): void {
    this.cluster.redis.resume();
  }

  // The network between the instances and Redis.

  /** Redis ends the connections of all clients. */
  async killConnections(): Promise<void> {
    this.begin('redis');
    await this.cluster.redis.client.client('KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
  }

  /** @param names of instances; all when absent. */
  cutRedis(names?: string[]): void {
    this.begin('redis', names);
    this.cluster.redisWires(names).forEach((wire) => wire.cut());
  }

  hangRedis(names?: string[]): void {
    this.begin('redis', names);
    this.cluster.redisWires(names).forEach((wire) => wire.hang());
  }

  /** Packets vanish on the open connections. */
  loseRedis(names?: string[]): void {
    this.begin('redis', names);
    this.cluster.redisWires(names).forEach((wire) => wire.lose());
  }

  restoreRedis(): void {
    this.cluster.redisWires().forEach((wire) => wire.restore());
  }

  // Postgres.

  async shutDownPostgres(): Promise<void> {
    this.begin('postgres');
    await this.ownPostgres.shutDown();
  }

  async crashPostgres(): Promise<void> {
    this.begin('postgres');
    this.hasPostgresCrashed = true;
    await this.ownPostgres.crash();
  }

  /** SIGSTOP. */
  suspendPostgres(): void {
    this.begin('postgres');
    this.ownPostgres.suspend();
  }

  resumePostgres(): void {
    this.ownPostgres.resume();
  }

  /** After a crash, sessions are looked up in Postgres when they are next used. */
  async startPostgres(): Promise<void> {
    if (this.hasPostgresCrashed) {
      this.begin('sessions-in-redis');
      this.hasPostgresCrashed = false;
    }
    await this.ownPostgres.startAgain();
  }

  cutPostgres(names?: string[]): void {
    this.begin('postgres', names);
    this.cluster.postgresWires(names).forEach((wire) => wire.cut());
  }

  /** Concerns all instances: the transactions of one that hangs hold locks, at which the others wait. */
  hangPostgres(names?: string[]): void {
    this.begin('postgres');
    this.cluster.postgresWires(names).forEach((wire) => wire.hang());
  }

  restorePostgres(): void {
    this.cluster.postgresWires().forEach((wire) => wire.restore());
  }

  // Instances.

  async killInstance(instance: Instance): Promise<void> {
    this.begin('instance', [instance.name]);
    await instance.kill();
  }

  /** SIGTERM. */
  async terminateInstance(instance: Instance): Promise<void> {
    this.begin('instance', [instance.name]);
    await instance.terminate();
  }

  /** SIGSTOP. */
  suspendInstance(instance: Instance): void {
    this.begin('instance', [instance.name]);
    instance.suspend();
  }

  resumeInstance(instance: Instance): void {
    instance.resume();
  }

  async startInstance(instance: Instance): Promise<void> {
    await instance.start();
  }

  private get ownPostgres() {
    const { postgres } = this.cluster;
    if (!postgres) {
      throw new Error('this cluster shares its Postgres with other tests');
    }
    return postgres;
  }

  private async acceptRedis(): Promise<void> {
    await Promise.all(this.cluster.redisWires().map((wire) => wire.accept()));
  }

  private leadToMaster(names?: string[]): void {
    for (const wire of this.cluster.redisWires(names)) {
      wire.pointTo(this.cluster.redis.port);
      wire.endConnections();
    }
  }

  private loseData(): void {
    this.begin('redis');
  }

  private begin(target: Target, names?: readonly string[]): void {
    const instances = names ?? this.cluster.instances.map(({ name }) => name);
    this.noted.push({ target, instances, startMs: performance.now(), endMs: Infinity });
  }
}
