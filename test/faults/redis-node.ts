import { cpSync, mkdtempSync, rmSync, truncateSync, statSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { startRedis } from '../../tools/local/redis.mjs';
import { sharedStores } from '../support/shared-stores';
import { until } from '../support/until';
import { stablePort } from './stable-port';

const RDB = 'dump.rdb';
const AOF = 'appendonlydir';

/** A copy of the data of a Redis. */
export interface Snapshot {
  kind: 'rdb' | 'aof';
  path: string;
}

/** A Redis process that dies, hangs, and restarts on the same port with data that a test chooses. */
export class RedisNode {
  private server: Awaited<ReturnType<typeof startRedis>> | undefined;
  private snapshots = 0;
  private isSuspended = false;
  /** A connection of the test's own, which waits while there is no server. */
  readonly client: Redis;

  private constructor(
    readonly port: number,
    private readonly dir: string,
    private readonly appendOnly: boolean,
    private readonly flags: readonly string[],
  ) {
    this.client = new Redis(port, '127.0.0.1', {
      maxRetriesPerRequest: null,
      retryStrategy: () => 20,
    });
    this.client.on('error', () => undefined);
  }

  /**
   * @param options.masterPort port of its master at 127.0.0.1.
   * @param options.flags further arguments of redis-server, at each start.
   */
  static async start({
    appendOnly = false,
    masterPort,
    flags = [],
  }: { appendOnly?: boolean; masterPort?: number; flags?: string[] } = {}): Promise<RedisNode> {
    const dir = mkdtempSync(join(sharedStores().folder, 'redis-'));
    const node = new RedisNode(await stablePort(), dir, appendOnly, flags);
    await node.launch(masterPort ? ['--replicaof', `127.0.0.1 ${masterPort}`] : []);
    return node;
  }

  /** SIGKILL: writes that are not on disk are lost. */
  async kill(): Promise<void> {
    const { server } = this;
    if (server) {
      process.kill(server.pid, 'SIGKILL');
      await server.server.ended;
      this.server = undefined;
    }
  }

  /** SIGSTOP: the system still accepts connections and bytes for it. */
  suspend(): void {
    this.signal('SIGSTOP');
    this.isSuspended = true;
  }

  resume(): void {
    this.signal('SIGCONT');
    this.isSuspended = false;
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Whether it answers, as far as the test knows. */
  get isRunning(): boolean {
    return this.server !== undefined && !this.isSuspended;
  }

  async startEmpty(): Promise<void> {
    this.discardData();
    await this.launch();
  }

  /** With the data of its own append-only file. */
  async startAgain(): Promise<void> {
    await this.launch();
  }

  async startFrom({ kind, path }: Snapshot): Promise<void> {
    this.discardData();
    cpSync(path, join(this.dir, kind === 'rdb' ? RDB : AOF), { recursive: true });
    await this.launch();
  }

  /** A copy of the current data. Redis must be running, and stays so. */
  async takeSnapshot(): Promise<Snapshot> {
    this.snapshots += 1;
    const path = join(this.dir, `snapshot-${this.snapshots}`);
    if (this.appendOnly) {
      cpSync(join(this.dir, AOF), path, { recursive: true });
      return { kind: 'aof', path };
    }
    await until('Redis has saved its data', () => this.saved());
    cpSync(join(this.dir, RDB), path);
    return { kind: 'rdb', path };
  }

  /** Takes the last bytes off the append-only file, like an interrupted write. Redis is down. */
  truncateAppendOnlyFile(bytes: number): void {
    const folder = join(this.dir, AOF);
    const name = readdirSync(folder).find((file) => file.endsWith('.incr.aof'))!;
    const path = join(folder, name);
    truncateSync(path, Math.max(0, statSync(path).size - bytes));
  }

  async promote(): Promise<void> {
    await this.client.replicaof('NO', 'ONE');
  }

  /** Resolves when this replica has all data of its master. */
  async caughtUp(): Promise<boolean> {
    return (await this.client.info('replication')).includes('master_link_status:up');
  }

  async stop(): Promise<void> {
    this.client.disconnect();
    await this.kill();
  }

  private async launch(more: string[] = []): Promise<void> {
    const persistence = ['--save', '', '--appendonly', this.appendOnly ? 'yes' : 'no'];
    this.server = await startRedis({
      found: sharedStores().redis,
      dir: this.dir,
      port: this.port,
      flags: [...persistence, '--repl-diskless-sync-delay', '0', ...this.flags, ...more],
    });
  }

  /** False while Redis writes a copy for a replica that lost its connection: it writes one at a time. */
  private async saved(): Promise<boolean> {
    try {
      await this.client.save();
      return true;
    } catch (error) {
      if (String(error).includes('Background save already in progress')) {
        return false;
      }
      throw error;
    }
  }

  private discardData(): void {
    [RDB, AOF].forEach((name) => rmSync(join(this.dir, name), { recursive: true, force: true }));
  }

  private signal(signal: NodeJS.Signals): void {
    if (this.server) {
      process.kill(this.server.pid, signal);
    }
  }
}
