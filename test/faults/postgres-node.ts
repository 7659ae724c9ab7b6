import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { chownSync, mkdtempSync, statSync, writeFileSync } from 'node:fs';
import { Client } from 'pg';
import { runMigrations } from '../../libs/database/migrate';
import { startPostgres } from '../../tools/local/postgres.mjs';
import { sharedStores } from '../support/shared-stores';
import { stablePort } from './stable-port';

/** Commits survive the death of the process; that of the machine could lose some. */
const SETTINGS = [
  'fsync=off',
  'synchronous_commit=on',
  'max_connections=100',
  'shared_preload_libraries=pg_stat_statements',
];

/** A Postgres process of one suite, migrated, that dies and comes back on the same port. */
export class PostgresNode {
  private constructor(
    private server: Awaited<ReturnType<typeof startPostgres>>,
    private readonly options: Parameters<typeof startPostgres>[0],
  ) {}

  /** @param settings beside those of every node, `name=value`. */
  static async start(settings: string[] = []): Promise<PostgresNode> {
    const options = {
      dataDir: join(mkdtempSync(join(sharedStores().folder, 'postgres-')), 'data'),
      password: 'test',
      port: await stablePort(),
      flags: [...SETTINGS, ...settings],
    };
    const server = await startPostgres(options);
    await runMigrations(server.url);
    return new PostgresNode(server, options);
  }

  get url(): string {
    return this.server.url;
  }

  get port(): number {
    return this.server.port;
  }

  /** Ends it in order; its clients lose their connections. */
  async shutDown(): Promise<void> {
    await this.server.stop();
  }

  /** SIGQUIT: every process of it ends at once, and the next start has to recover from the log. */
  async crash(): Promise<void> {
    process.kill(this.server.pid, 'SIGQUIT');
    await this.server.server.ended;
  }

  /** Starts it again as the standby of a primary that never comes: it is read-only. */
  async becomeStandby(): Promise<void> {
    await this.shutDown();
    const signal = join(this.options.dataDir, 'standby.signal');
    writeFileSync(signal, '');
    const { uid, gid } = statSync(this.options.dataDir);
    chownSync(signal, uid, gid);
    await this.startAgain();
  }

  /** SIGSTOP to each of its processes: connections stay open, and no request is answered. */
  suspend(): void {
    this.signalAll('SIGSTOP');
  }

  resume(): void {
    this.signalAll('SIGCONT');
  }

  async startAgain(): Promise<void> {
    this.server = await startPostgres(this.options);
  }

  async query<Row extends object>(sql: string, parameters: unknown[] = []): Promise<Row[]> {
    const client = new Client({ connectionString: this.url });
    await client.connect();
    try {
      return (await client.query<Row>(sql, parameters)).rows;
    } finally {
      await client.end();
    }
  }

  async stop(): Promise<void> {
    await this.server.stop();
  }

  /** Each connection has a process of its own, which ignores signals to the group of the first. */
  private signalAll(signal: NodeJS.Signals): void {
    const first = this.server.pid;
    const processes = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' })
      .trim()
      .split('\n')
      .map((line) => line.trim().split(/\s+/).map(Number));
    const children = processes.filter(([, parent]) => parent === first).map(([pid]) => pid!);
    // The first one starts others: it is stopped first.
    [first, ...children].forEach((pid) => process.kill(pid, signal));
  }
}
