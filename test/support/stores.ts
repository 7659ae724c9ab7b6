import { randomBytes } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { DataSource } from 'typeorm';
import { startRedis } from '../../tools/local/redis.mjs';
import { sharedStores, TEMPLATE_DATABASE } from './shared-stores';

export interface TestRedis {
  url: string;
  pid: number;
  /** A connection of the test's own. */
  client: Redis;
  stop(): Promise<void>;
}

/** An empty folder that is deleted when all tests have run. */
export function newFolder(prefix: string): string {
  return mkdtempSync(join(sharedStores().folder, prefix));
}

/**
 * A Redis process for one suite, empty, on a free port, keeping nothing on disk.
 * @param flags further arguments of redis-server.
 */
export async function startTestRedis(flags: string[] = []): Promise<TestRedis> {
  const { redis } = sharedStores();
  const server = await startRedis({
    found: redis,
    dir: newFolder('redis-'),
    flags: ['--appendonly', 'no', ...flags],
  });
  const client = new Redis(server.url, { retryStrategy: () => null });
  client.on('error', () => undefined);
  return {
    url: server.url,
    pid: server.pid,
    client,
    async stop() {
      client.disconnect();
      await server.stop();
    },
  };
}

export interface TestDatabase {
  url: string;
  /** A pool of the test's own. */
  sql: DataSource;
  drop(): Promise<void>;
}

/** A migrated, empty database for one suite. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  await administer(`CREATE DATABASE ${name} TEMPLATE ${TEMPLATE_DATABASE}`);
  const url = new URL(sharedStores().postgresUrl);
  url.pathname = `/${name}`;
  const sql = await new DataSource({ type: 'postgres', url: url.href, poolSize: 2 }).initialize();
  return {
    url: url.href,
    sql,
    async drop() {
      await sql.destroy();
      await administer(`DROP DATABASE ${name} WITH (FORCE)`);
    },
  };
}

async function administer(statement: string): Promise<void> {
  const admin = new Client(sharedStores().postgresUrl);
  await admin.connect();
  await admin.query(statement);
  await admin.end();
}
