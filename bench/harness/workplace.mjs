// @ts-check
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { closeProcessList, killListed, openProcessList } from '../../tools/local/processes.mjs';
import { startPostgres } from '../../tools/local/postgres.mjs';
import { startRedis } from '../../tools/local/redis.mjs';
import { findRedis } from '../../tools/local/redis-program.mjs';

/** A temporary folder with a Postgres, several Redis and servers. All of it ends with `close`, or with this process. */
export class Workplace {
  dir = mkdtempSync(join(tmpdir(), 'latchkey-bench-'));
  #processList = join(this.dir, 'processes');
  #context;
  /** The last started first. @type {(() => Promise<void>)[]} */
  #stops = [];
  #postgres = once(() => this.#startPostgres());
  #redisProgram = once(() => findRedis(this.#context));

  /** @param {{ output: import('../../tools/local/output.mjs').Output, signal: AbortSignal }} context */
  constructor({ output, signal }) {
    this.#context = { output, signal };
    openProcessList(this.#processList);
    process.once('exit', () => killListed(this.#processList));
  }

  get signal() {
    return this.#context.signal;
  }

  /**
   * @param {string} name of a folder of its own
   * @param {string[]} [flags] further arguments of redis-server
   * @returns {Promise<{ url: string, pid: number }>}
   */
  async redis(name, flags = []) {
    const found = await this.#redisProgram();
    const dir = join(this.dir, `redis-${name}`);
    const redis = await startRedis({ found, dir, flags, signal: this.signal });
    this.#stops.unshift(() => redis.stop());
    return redis;
  }

  /**
   * @param {string} purpose becomes part of its name
   * @returns {Promise<string>} the URL of a new, empty database
   */
  async database(purpose) {
    const name = `bench-${purpose}`;
    const { url } = await this.#postgres();
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      await client.query(`CREATE DATABASE ${pg.escapeIdentifier(name)}`);
    } finally {
      await client.end();
    }
    return Object.assign(new URL(url), { pathname: `/${name}` }).href;
  }

  /** @param {import('../../tools/local/server.mjs').Server} server to be stopped when all is over */
  keep(server) {
    this.#stops.unshift(() => server.stop());
  }

  async close() {
    for (const stop of this.#stops.splice(0)) {
      await stop();
    }
    closeProcessList(this.#processList);
    rmSync(this.dir, { recursive: true, force: true });
  }

  async #startPostgres() {
    const postgres = await startPostgres({
      dataDir: join(this.dir, 'postgres'),
      password: 'of-a-database-that-lives-for-minutes',
      signal: this.signal,
    });
    this.#stops.push(() => postgres.stop());
    return postgres;
  }
}

/**
 * @template T
 * @param {() => Promise<T>} work
 * @returns {() => Promise<T>} the first result
 */
function once(work) {
  /** @type {Promise<T> | undefined} */
  let result;
  return () => (result ??= work());
}
