import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataSource } from 'typeorm';
import { createOutput } from '../../tools/local/output.mjs';
import { startPostgres } from '../../tools/local/postgres.mjs';
import { findRedis } from '../../tools/local/redis-program.mjs';
import { runMigrations } from '../../libs/database/migrate';
import { handOver, TEMPLATE_DATABASE } from './shared-stores';

const NOT_DURABLE = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off'];

/**
 * One Postgres for the whole run, with a migrated template that each suite copies; and a Redis
 * program, of which each suite starts processes of its own.
 */
export default async function globalSetup(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-test-'));
  const redis = await redisProgram();
  const postgres = await startPostgres({
    dataDir: join(folder, 'postgres'),
    password: 'test',
    flags: [...NOT_DURABLE, 'max_connections=300', 'max_prepared_transactions=1'],
  });
  await createTemplate(postgres.url);
  handOver({ folder, postgresUrl: postgres.url, redis });
  globalThis.latchkeyTestPostgres = postgres;
}

async function redisProgram() {
  const given = process.env.LATCHKEY_TEST_REDIS;
  return given ? (JSON.parse(given) as never) : findRedis({ output: createOutput(process.stderr) });
}

async function createTemplate(url: string): Promise<void> {
  const admin = await new DataSource({ type: 'postgres', url }).initialize();
  await admin.query(`CREATE DATABASE ${TEMPLATE_DATABASE}`);
  await admin.destroy();
  const template = new URL(url);
  template.pathname = `/${TEMPLATE_DATABASE}`;
  await runMigrations(template.href);
}
