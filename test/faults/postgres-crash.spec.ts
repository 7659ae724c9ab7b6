import { Client } from 'pg';
import { keys } from '../support/keys';
import { startTestApp, type TestApp } from '../support/app';
import { TcpProxy } from '../support/tcp-proxy';
import { until } from '../support/until';
import { PostgresNode } from './postgres-node';
import { stablePort } from './stable-port';

const PROFILE = '/api/auth/profile';
/** Transactions that are rolled back just before the crash. */
const ROLLED_BACK = 100;
/** Nothing else writes to the log, or advances the numbers that a recovery finds there. */
const SETTINGS = ['wal_writer_delay=10s', 'wal_level=minimal', 'max_wal_senders=0'];

describe('after a crash Postgres gives out the numbers of transactions again', () => {
  let postgres: PostgresNode;
  let wire: TcpProxy;
  let app: TestApp;
  let sql: Client;

  beforeAll(async () => {
    postgres = await PostgresNode.start(SETTINGS);
    wire = await TcpProxy.start(postgres.port);
    const url = new URL(postgres.url);
    url.port = String(wire.port);
    app = await startTestApp({ env: { DATABASE_URL: url.href } });
    sql = await connected();
  }, 120_000);

  afterAll(async () => {
    wire.restore();
    await sql.end();
    await app.close();
    wire.stop();
    await postgres.stop();
  });

  async function connected(): Promise<Client> {
    const client = new Client(postgres.url);
    client.on('error', () => undefined);
    await client.connect();
    return client;
  }

  /** The first number that no transaction has yet, by Postgres. */
  async function nextNumber(): Promise<bigint> {
    const { rows } = await sql.query<{ next: string }>(
      'SELECT pg_snapshot_xmax(pg_current_snapshot())::text AS next',
    );
    return BigInt(rows[0]!.next);
  }

  /** The same by the checkpoint in Redis. */
  async function numberInRedis(): Promise<bigint> {
    const checkpoint = await app.redis.client.get(keys.checkpoint(0));
    return BigInt(checkpoint!.split('|')[1]!.split(':')[1]!);
  }

  it('and a change with such a number is found all the same', async () => {
    const { accessToken: token } = await app.register();
    expect((await app.http.get(PROFILE, { token })).status).toBe(200);
    for (let count = 0; count < ROLLED_BACK; count += 1) {
      await sql.query('BEGIN');
      await sql.query('SELECT pg_current_xact_id()');
      await sql.query('ROLLBACK');
    }
    const before = await nextNumber();
    await until('Redis is in sync up to there', numberInRedis, (number) => number >= before);

    wire.cut();
    await postgres.crash();
    await postgres.startAgain();
    sql = await connected();
    expect(await nextNumber()).toBeLessThan(before);
    // Another instance, which cannot write it to Redis.
    const other = await startTestApp({
      beside: app,
      redisPort: await stablePort(),
      env: { DATABASE_URL: postgres.url },
    });
    expect((await other.http.post('/api/auth/logout', { token })).status).toBe(204);
    expect(await nextNumber()).toBeLessThan(before);
    while ((await nextNumber()) <= before) {
      await sql.query('SELECT pg_current_xact_id()');
    }
    expect((await app.http.get(PROFILE, { token })).status).toBe(200);

    wire.restore();
    await until(
      'the instance that was cut off refuses the token',
      async () => (await app.http.get(PROFILE, { token })).status,
      401,
    );
    await other.close();
  });
});
