import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { startRedis } from '../../tools/local/redis.mjs';
import { Server } from '../../tools/local/server.mjs';
import { stablePort } from '../faults/stable-port';
import { sharedStores } from './shared-stores';
import { newFolder } from './stores';
import { launchTlsRedis, tlsClientOptions, tlsFlags, type TlsIdentity } from './tls-redis';
import { until } from './until';

const HOST = '127.0.0.1';
/** Milliseconds without an answer after which a Sentinel takes the master for dead. */
const DOWN_AFTER_MS = 1000;
const FAILOVER_TIMEOUT_MS = 5000;

export interface SentinelSetup {
  replicas?: number;
  sentinels?: number;
  /** Further arguments of each redis-server. */
  flags?: string[];
  /** Further lines of the configuration of each Sentinel. */
  config?: string[];
  /** Password at the Sentinels, which `config` sets, for the connections of the test. */
  password?: string;
  /** All servers and Sentinels have this certificate, and speak TLS alone. */
  tls?: TlsIdentity;
}

/** A Redis server that is restarted on its port and in its folder. */
interface Node {
  port: number;
  dir: string;
  server: Server | undefined;
}

/** A master, its replicas and the Sentinels that watch them, as processes on the loopback interface. */
export class SentinelGroup {
  readonly name = 'latchkey-master';
  private readonly nodes: Node[] = [];
  private readonly watchers: { port: number; server: Server; client: Redis }[] = [];

  private constructor(private readonly setup: SentinelSetup) {}

  /** Resolves once all Sentinels know each other and all replicas. */
  static async start(setup: SentinelSetup = {}): Promise<SentinelGroup> {
    const group = new SentinelGroup(setup);
    const { replicas = 2, sentinels = 3 } = setup;
    const master = await group.addNode([]);
    for (let number = 0; number < replicas; number++) {
      await group.addNode(['--replicaof', `${HOST} ${master.port}`]);
    }
    for (let number = 0; number < sentinels; number++) {
      await group.addSentinel(master.port, Math.floor(sentinels / 2) + 1);
    }
    await until('all Sentinels know all others', () => group.isComplete(replicas, sentinels - 1));
    return group;
  }

  /** As in REDIS_SENTINELS. */
  get addresses(): string {
    return this.watchers.map(({ port }) => `${HOST}:${port}`).join(',');
  }

  /** The settings that lead the API to the master. The host of the URL is none. */
  get env(): Record<string, string> {
    return {
      REDIS_URL: `${this.setup.tls ? 'rediss' : 'redis'}://unused.invalid`,
      REDIS_SENTINELS: this.addresses,
      REDIS_SENTINEL_NAME: this.name,
    };
  }

  /** The port of the master, as most Sentinels name it. */
  async masterPort(): Promise<number> {
    const ports = await Promise.all(this.watchers.map(({ client }) => this.portNamedBy(client)));
    const votes = (port: number) => ports.filter((other) => other === port).length;
    return ports.sort((a, b) => votes(b) - votes(a))[0]!;
  }

  /**
   * SIGKILL for the master: its last writes may have reached no replica.
   * @returns its port.
   */
  async killMaster(): Promise<number> {
    const port = await this.masterPort();
    const node = this.nodes.find((one) => one.port === port);
    if (node?.server) {
      process.kill(node.server.pid, 'SIGKILL');
      await node.server.ended;
      node.server = undefined;
    }
    return port;
  }

  /** SIGSTOP: the system still accepts connections and bytes for it. */
  async suspendMaster(): Promise<number> {
    const port = await this.masterPort();
    this.signal(port, 'SIGSTOP');
    return port;
  }

  resume(port: number): void {
    this.signal(port, 'SIGCONT');
  }

  /** Makes all Sentinels name another server, as after a failover that the present master does not learn of. */
  async watchInstead(port: number): Promise<void> {
    for (const { client } of this.watchers) {
      await client.call('SENTINEL', 'REMOVE', this.name);
      await client.call('SENTINEL', 'MONITOR', this.name, HOST, port, this.watchers.length);
    }
  }

  /** Resolves when most Sentinels name another master than the one on this port. */
  async failedOver(fromPort: number): Promise<number> {
    return until(
      'the Sentinels name another master',
      () => this.masterPort(),
      (port) => port !== fromPort,
    );
  }

  /** Starts the server on this port again, empty. The Sentinels make it a replica. */
  async startAgain(port: number): Promise<void> {
    const node = this.nodes.find((one) => one.port === port);
    if (node) {
      node.server = await this.launch(node, []);
    }
  }

  /**
   * An operator swaps the master and a replica, while both are up; again if the Sentinel finds no good replica, or breaks
   * the failover off because the replica took too long. Resolves when that Sentinel names the replica.
   */
  async failOverByHand(): Promise<void> {
    const old = await this.masterPort();
    const { client } = this.watchers[0]!;
    await until('the Sentinel names the replica', async () => {
      if ((await this.portNamedBy(client)) !== old) {
        return true;
      }
      await client.call('SENTINEL', 'FAILOVER', this.name).catch(() => undefined);
      return false;
    });
  }

  /** Resolves when all servers but one follow the master, and can take over. */
  async healthy(): Promise<void> {
    await until(
      'all replicas follow the master',
      () => this.atMaster(async (client) => onlineReplicas(await client.info('replication'))),
      this.nodes.length - 1,
    );
  }

  /** SIGSTOP: the system still accepts connections and bytes for them. */
  suspendSentinels(): void {
    this.watchers.forEach(({ server }) => process.kill(server.pid, 'SIGSTOP'));
  }

  resumeSentinels(): void {
    this.watchers.forEach(({ server }) => process.kill(server.pid, 'SIGCONT'));
  }

  /** A command at the present master. */
  async atMaster<T>(command: (client: Redis) => Promise<T>): Promise<T> {
    const client = new Redis(await this.masterPort(), HOST, this.clientOptions);
    try {
      return await command(client);
    } finally {
      client.disconnect();
    }
  }

  async stop(): Promise<void> {
    this.watchers.forEach(({ client }) => client.disconnect());
    await Promise.all([
      ...this.watchers.map(({ server }) => server.stop()),
      ...this.nodes.map(({ server }) => server?.stop()),
    ]);
  }

  private async addNode(flags: string[]): Promise<Node> {
    const node: Node = { port: await stablePort(), dir: newFolder('redis-'), server: undefined };
    this.nodes.push(node);
    node.server = await this.launch(node, flags);
    return node;
  }

  private async addSentinel(masterPort: number, quorum: number): Promise<void> {
    const [port, dir] = [await stablePort(), newFolder('sentinel-')];
    const config = join(dir, 'sentinel.conf');
    const { tls, password } = this.setup;
    const lines = [
      tls ? `tls-port ${port}` : `port ${port}`,
      `bind ${HOST}`,
      `dir ${dir}`,
      `sentinel monitor ${this.name} ${HOST} ${masterPort} ${quorum}`,
      `sentinel down-after-milliseconds ${this.name} ${DOWN_AFTER_MS}`,
      `sentinel failover-timeout ${this.name} ${FAILOVER_TIMEOUT_MS}`,
      ...(this.setup.config ?? []),
    ];
    writeFileSync(config, `${lines.join('\n')}\n`);
    const flags = tls ? [...tlsFlags(tls), '--tls-replication', 'yes'] : [];
    const server = await Server.spawn(sharedStores().redis.path, [config, '--sentinel', ...flags], {
      name: 'Redis Sentinel',
      stopSignal: 'SIGTERM',
      killSignal: 'SIGKILL',
      graceMs: 1000,
      logFile: join(dir, 'sentinel.log'),
    });
    const client = new Redis(port, HOST, {
      maxRetriesPerRequest: null,
      retryStrategy: () => 20,
      enableReadyCheck: false,
      ...this.clientOptions,
      ...(password !== undefined && { password }),
    });
    client.on('error', () => undefined);
    this.watchers.push({ port, server, client });
  }

  private signal(port: number, signal: NodeJS.Signals): void {
    const node = this.nodes.find((one) => one.port === port);
    if (node?.server) {
      process.kill(node.server.pid, signal);
    }
  }

  private async isComplete(replicas: number, others: number): Promise<boolean> {
    const known = await Promise.all(
      this.watchers.map(async ({ client }) => {
        const fields = (await client.call('SENTINEL', 'MASTER', this.name)) as string[];
        const value = (name: string) => Number(fields[fields.indexOf(name) + 1]);
        return value('num-slaves') === replicas && value('num-other-sentinels') === others;
      }),
    );
    return known.every(Boolean);
  }

  private async portNamedBy(sentinel: Redis): Promise<number> {
    const answer = await sentinel.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', this.name);
    return Number((answer as string[])[1]);
  }

  private get clientOptions() {
    const { tls } = this.setup;
    return tls ? { tls: tlsClientOptions(tls) } : {};
  }

  private async launch({ port, dir }: Node, more: string[]): Promise<Server> {
    const flags = ['--appendonly', 'no', '--repl-diskless-sync-delay', '0', ...more];
    flags.push(...(this.setup.flags ?? []));
    const { tls } = this.setup;
    if (tls) {
      return launchTlsRedis(tls, port, dir, ['--tls-replication', 'yes', ...flags]);
    }
    return (await startRedis({ found: sharedStores().redis, dir, port, flags })).server;
  }
}

function onlineReplicas(info: string): number {
  return info.match(/^slave\d+:.*state=online/gm)?.length ?? 0;
}
