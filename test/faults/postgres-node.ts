import { join } from 'node:path';
import { mkdtempSync } from 'node:fs';
import { Client } from 'pg';
import { runMigrations } from '../../libs/database/migrate';
import { startPostgres } from '../../tools/local/postgres.mjs';
import { sharedStores } from '../support/shared-stores';
import { stablePort } from './stable-port';

/** Commits survive the death of the process; only that of the machine could lose some. */
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

  static async start(): Promise<PostgresNode> {
    const options = {
      dataDir: join(mkdtempSync(join(sharedStores().folder, 'postgres-')), 'data'),
      password: 'test',
      port: await stablePort(),
      flags: SETTINGS,
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
}
