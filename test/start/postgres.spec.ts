import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { describe as describeFailure, Failure } from '../../tools/local/failure.mjs';
import { startPostgres } from '../../tools/local/postgres.mjs';
import { identify, signalProcess, waitUntilGone } from '../../tools/local/processes.mjs';

describe('the embedded Postgres', () => {
  let dir: string;
  const started: { stop: () => Promise<void> }[] = [];

  afterEach(async () => {
    await Promise.all(started.splice(0).map((server) => server.stop()));
  });

  function newFolder(): void {
    dir = mkdtempSync(join(tmpdir(), 'latchkey-postgres-'));
  }

  function removeFolder(): void {
    rmSync(dir, { recursive: true, force: true });
  }

  async function start(password = 'first') {
    const server = await startPostgres({
      dataDir: join(dir, 'data'),
      password,
      flags: ['fsync=off'],
    });
    started.push(server);
    return server;
  }

  async function query(url: string, sql: string): Promise<unknown[]> {
    const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(sql)).rows;
    } finally {
      await client.end();
    }
  }

  describe('on one data directory', () => {
    beforeAll(newFolder);

    afterAll(removeFolder);

    it('has a UTF-8 database, listens on loopback only and keeps its data', async () => {
      const first = await start();
      const settings = `SELECT current_setting('server_encoding') AS encoding,
        current_setting('listen_addresses') AS addresses,
        current_setting('unix_socket_directories') AS sockets`;
      expect(await query(first.url, settings)).toEqual([
        { encoding: 'UTF8', addresses: '127.0.0.1', sockets: '' },
      ]);
      await query(first.url, 'CREATE TABLE kept AS SELECT 1 AS n');
      await first.stop();

      const second = await start();

      expect(await query(second.url, 'SELECT n FROM kept')).toEqual([{ n: 1 }]);
    });

    it('refuses a wrong password', async () => {
      const { url } = await start();

      await expect(query(url.replace('first', 'wrong'), 'SELECT 1')).rejects.toThrow(
        /password authentication failed/,
      );
    });

    it('does not start beside another one on the same data, and names it', async () => {
      const first = await start();

      const refusal: unknown = await start().catch((error: unknown) => error);

      expect(refusal).toBeInstanceOf(Failure);
      expect(describeFailure(refusal)).toMatch(
        new RegExp(`^Postgres did not start [^]*\\(PID ${first.pid}\\)`),
      );

      expect(await query(first.url, 'SELECT 1 AS n')).toEqual([{ n: 1 }]);
    });

    it('recovers committed data after it was killed', async () => {
      const first = await start();
      await query(first.url, 'CREATE TABLE committed AS SELECT 1 AS n');
      const id = identify(first.pid);
      signalProcess(id, 'SIGKILL');
      await waitUntilGone(id, 5_000);

      const second = await start();

      expect(await query(second.url, 'SELECT n FROM committed')).toEqual([{ n: 1 }]);
    });

    it('gets a new password when the old one was lost', async () => {
      await (await start()).stop();
      const dataDir = join(dir, 'data');

      const second = await startPostgres({ dataDir, password: 'second', passwordIsNew: true });
      started.push(second);

      expect(await query(second.url, 'SELECT 1 AS n')).toEqual([{ n: 1 }]);
    });
  });

  describe('in a folder of its own', () => {
    beforeEach(newFolder);

    afterEach(removeFolder);

    it('does not use the leftovers of a killed initdb as a database', async () => {
      mkdirSync(join(dir, '.data.new', 'data'), { recursive: true });
      writeFileSync(join(dir, '.data.new', 'data', 'PG_VERSION'), '18\n');

      const { url } = await start();

      expect(await query(url, 'SELECT 1 AS n')).toEqual([{ n: 1 }]);
    });

    it('does not touch a folder with other files', async () => {
      mkdirSync(join(dir, 'data'));
      writeFileSync(join(dir, 'data', 'letter.txt'), 'mine');

      await expect(start()).rejects.toThrow(/holds no Postgres data: move it away/);
    });
  });
});
