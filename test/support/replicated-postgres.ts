import { execFileSync } from 'node:child_process';
import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { runMigrations } from '../../libs/database';
import { freePort } from '../../tools/local/ports.mjs';
import { startPostgres } from '../../tools/local/postgres.mjs';
import { choosePostgresUser, giveTo } from '../../tools/local/postgres-user.mjs';
import { newFolder } from './stores';
import { until } from './until';

/** The name under which the standby receives the log of the primary. */
const STANDBY = 'standby';
const SETTINGS = ['fsync=off', 'max_connections=100', 'hot_standby=on', 'wal_keep_size=512MB'];

type Server = Awaited<ReturnType<typeof startPostgres>>;

/**
 * A primary and its standby by streaming replication, migrated. A commit waits until the standby has it, as
 * docs/postgres.md requires.
 */
export class ReplicatedPostgres {
  private constructor(
    private readonly folder: string,
    private primary: Server,
    private readonly standby: Server,
  ) {}

  static async start(): Promise<ReplicatedPostgres> {
    const folder = newFolder('replicated-');
    const [first, second] = [join(folder, 'first'), join(folder, 'second')];
    // Its files, once it has stopped, are a base backup.
    const original = await launch(first);
    await runMigrations(original.url);
    await original.stop();
    cpSync(first, second, { recursive: true });
    giveTo(second, await choosePostgresUser(first));
    const primary = await launch(first);
    const { username: user, password } = new URL(primary.url);
    const source = `host=127.0.0.1 port=${primary.port} user=${user} password=${password} application_name=${STANDBY}`;
    await becomeStandby(second);
    const standby = await launch(second, [`primary_conninfo=${source}`]);
    const pair = new ReplicatedPostgres(folder, primary, standby);
    await until('the standby streams', () => pair.isStreaming());
    await ask(primary, `ALTER SYSTEM SET synchronous_standby_names = '${STANDBY}'`);
    await ask(primary, 'SELECT pg_reload_conf()');
    await until('commits wait for the standby', () => pair.isSynchronous());
    return pair;
  }

  /** The port of the new primary. */
  get standbyPort(): number {
    return this.standby.port;
  }

  /** Both hosts, the primary first. */
  get url(): string {
    const { username, password, pathname } = new URL(this.primary.url);
    const hosts = `127.0.0.1:${this.primary.port},127.0.0.1:${this.standby.port}`;
    return `postgres://${username}:${password}@${hosts}${pathname}?target_session_attrs=read-write`;
  }

  /** SIGKILL to the first process of the primary; the others end with it. */
  async killPrimary(): Promise<void> {
    process.kill(this.primary.pid, 'SIGKILL');
    await this.primary.server.ended;
  }

  /** SIGSTOP to each process of the primary: connections stay open, and no request is answered. */
  suspendPrimary(): void {
    this.signalPrimary('SIGSTOP');
  }

  /** The standby becomes the primary. It has no standby, so its commits wait for none. */
  async promote(): Promise<void> {
    await ask(this.standby, 'SELECT pg_promote()');
  }

  /** Starts a killed primary again at its address, in recovery, as a cluster manager does. */
  async rejoin(): Promise<void> {
    await becomeStandby(join(this.folder, 'first'));
    this.primary = await launch(join(this.folder, 'first'), [], this.primary.port);
  }

  /** On the new primary. */
  async query<Row extends object>(sql: string): Promise<Row[]> {
    return ask<Row>(this.standby, sql);
  }

  async stop(): Promise<void> {
    this.signalPrimary('SIGCONT');
    await Promise.all([this.primary.stop(), this.standby.stop()]);
  }

  /** Each connection has a process of its own, which ignores signals to the group of the first. */
  private signalPrimary(signal: NodeJS.Signals): void {
    const first = this.primary.pid;
    const children = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' })
      .split('\n')
      .map((line) => line.trim().split(/\s+/).map(Number))
      .filter(([, parent]) => parent === first)
      .map(([pid]) => pid!);
    // The first one starts others: it is stopped first.
    const processes = this.primary.server.running ? [first, ...children] : [];
    processes.forEach((pid) => process.kill(pid, signal));
  }

  private async isStreaming(): Promise<boolean> {
    return (await ask(this.primary, 'SELECT FROM pg_stat_replication')).length === 1;
  }

  private async isSynchronous(): Promise<boolean> {
    const rows = await ask<{ sync_state: string }>(
      this.primary,
      'SELECT sync_state FROM pg_stat_replication',
    );
    return rows[0]?.sync_state === 'sync';
  }
}

async function launch(dataDir: string, settings: string[] = [], port?: number): Promise<Server> {
  const flags = [...SETTINGS, ...settings];
  return startPostgres({ dataDir, password: 'test', flags, port: port ?? (await freePort()) });
}

async function becomeStandby(dataDir: string): Promise<void> {
  const signal = join(dataDir, 'standby.signal');
  writeFileSync(signal, '');
  giveTo(signal, await choosePostgresUser(dataDir));
}

async function ask<Row extends object>({ url }: Server, sql: string): Promise<Row[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Row>(sql)).rows;
  } finally {
    await client.end();
  }
}
