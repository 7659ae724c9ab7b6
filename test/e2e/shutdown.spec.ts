import type { AuthResultDto } from '../../apps/api/auth/auth.dto';
import { ApiProcess } from '../support/api-process';
import { newEmail, PASSWORD } from '../support/app';
import { buildOnce } from '../support/build';
import { someOf } from '../support/long-tests';
import { RawConnection } from '../support/raw-connection';
import { sharedStores } from '../support/shared-stores';
import {
  createTestDatabase,
  startTestRedis,
  type TestDatabase,
  type TestRedis,
} from '../support/stores';
import { TcpProxy } from '../support/tcp-proxy';
import { until } from '../support/until';

const READY = '/health/ready';
const LIVE = '/health/live';
const PROFILE = '/api/auth/profile';
const ANSWERED = /^HTTP\/1\.1 200 [^]*\}$/;

describe('a process that is stopped', () => {
  let redis: TestRedis;
  let database: TestDatabase;
  let stores: Record<string, string>;
  const leftovers: { kill?: () => unknown; close?: () => unknown }[] = [];

  beforeAll(async () => {
    await buildOnce();
    [redis, database] = await Promise.all([startTestRedis(), createTestDatabase()]);
    stores = { REDIS_URL: redis.url, DATABASE_URL: database.url };
  }, 120_000);

  afterEach(async () => {
    for (const leftover of leftovers.splice(0)) {
      await leftover.kill?.();
      await leftover.close?.();
    }
  });

  afterAll(async () => {
    await Promise.all([redis.stop(), database.drop()]);
  });

  async function start(env: Record<string, string> = {}): Promise<ApiProcess> {
    const api = await ApiProcess.spawn({ ...stores, ...env });
    leftovers.push(api);
    return api.untilServing();
  }

  async function open(api: ApiProcess): Promise<RawConnection> {
    const connection = await RawConnection.open(api.port);
    leftovers.push(connection);
    return connection;
  }

  /** A connection that has received an answer and is kept open. */
  async function openIdle(api: ApiProcess): Promise<RawConnection> {
    const connection = await open(api);
    connection.get(LIVE);
    await connection.untilReceived(ANSWERED);
    expect(connection.received).toMatch(/connection: keep-alive/i);
    return connection;
  }

  async function register(api: ApiProcess, email = newEmail()): Promise<AuthResultDto> {
    const json = { email, password: PASSWORD };
    return (await api.http.post<AuthResultDto>('/api/auth/register', { json })).body;
  }

  /** Changes a profile whose row the test holds: the answer has to wait for `release`. */
  async function changeHeldProfile(api: ApiProcess) {
    const { accessToken: token, user } = await register(api);
    const holder = database.sql.createQueryRunner();
    await holder.startTransaction();
    await holder.query('SELECT 1 FROM users WHERE id = $1 FOR UPDATE', [user.id]);
    const answer = api.http.put(PROFILE, { token, json: { bio: 'changed in the last moment' } });
    await until(
      'the update waits for the lock',
      async () => {
        const [row] = await database.sql.query<{ waiting: number }[]>(
          `SELECT count(*)::int AS waiting FROM pg_stat_activity
           WHERE datname = current_database() AND wait_event_type = 'Lock'`,
        );
        return row?.waiting;
      },
      1,
    );
    return {
      answer,
      async release() {
        await holder.rollbackTransaction();
        await holder.release();
      },
    };
  }

  describe('while the load balancer still sends requests', () => {
    const email = newEmail();
    let api: ApiProcess;
    let kept: RawConnection;

    beforeAll(async () => {
      api = await ApiProcess.spawn({ ...stores, SHUTDOWN_DELAY: '1h' });
      await api.untilServing();
      await register(api, email);
      kept = await openIdle(api);
      leftovers.splice(0);
      expect((await api.http.get(READY)).status).toBe(200);
      api.signal('SIGTERM');
      await until('the process is not ready', async () => (await api.http.get(READY)).status, 503);
    });

    afterAll(async () => {
      kept.close();
      await api.kill();
    });

    it('is not ready, names the reason, and is alive', async () => {
      const shutdown = { status: 'down', message: 'The process is shutting down.' };
      expect((await api.http.get(READY)).body).toEqual({
        status: 'error',
        info: {},
        error: { shutdown },
        details: { shutdown },
      });
      expect((await api.http.get(LIVE)).status).toBe(200);
    });

    it('serves on new connections, and closes each with its answer, for every kind of answer', async () => {
      const answers = await Promise.all([
        api.http.post('/api/auth/login', { json: { email, password: PASSWORD } }),
        api.http.get(PROFILE),
        api.http.get('/nowhere'),
        api.http.get('/%zz'),
      ]);
      expect(answers.map(({ status }) => status)).toEqual([200, 401, 404, 400]);
      expect(answers.map(({ headers }) => headers.get('connection'))).toEqual(
        answers.map(() => 'close'),
      );
    });

    it('serves on kept connections, and closes them with the answer', async () => {
      kept.received = '';
      kept.get(LIVE);
      await kept.untilClosed();
      expect(kept.received).toMatch(ANSWERED);
      expect(kept.received).toMatch(/\r\nconnection: close\r\n/i);
    });

    it('changes nothing at a second signal', async () => {
      api.signal('SIGTERM');
      api.signal('SIGINT');

      expect((await api.http.get(LIVE)).status).toBe(200);
      expect(api.logged('info').filter((line) => line.startsWith('stopping'))).toEqual([
        'stopping (SIGTERM): readiness fails, requests are served for another 3600 s',
      ]);
    });
  });

  it.each(someOf(['SIGTERM', 'SIGINT'] as const, 1))(
    'finishes requests in flight at %s, also after a second signal, and ends with code 0',
    async (signal) => {
      const api = await start();
      const { answer, release } = await changeHeldProfile(api);
      api.signal(signal);
      await api.untilRefusingConnections();
      api.signal(signal);
      await release();

      const { status, headers, body } = await answer;
      expect([status, body.bio]).toEqual([200, 'changed in the last moment']);
      expect(headers.get('connection')).toBe('close');
      expect(await api.ended).toBe('exit code 0');
      expect(api.isAlive).toBe(false);
      expect([api.logged('info').at(-1), api.logged('error'), api.complaint]).toEqual([
        'stopped',
        [],
        '',
      ]);
    },
  );

  it.each(someOf(['0s', '1s'], 1))(
    'closes connections that are idle or never sent a byte, after %s',
    async (SHUTDOWN_DELAY) => {
      const api = await start({ SHUTDOWN_DELAY });
      const connections = [await openIdle(api), await open(api)];
      api.signal('SIGTERM');

      await Promise.all(connections.map((connection) => connection.untilClosed()));
      expect(await api.ended).toBe('exit code 0');
    },
  );

  describe('does not wait longer than SHUTDOWN_TIMEOUT', () => {
    async function expectForcedEnd(api: ApiProcess, holder: string): Promise<void> {
      api.signal('SIGTERM');
      expect(await api.ended).toBe('exit code 1');
      expect(api.logged('error')).toEqual([
        `not stopped within 1 s (${holder}): exiting with code 1`,
      ]);
      expect([api.isAlive, api.complaint]).toEqual([false, '']);
    }

    it('for a client that does not finish its request', async () => {
      const api = await start({ SHUTDOWN_TIMEOUT: '1s' });
      const client = await open(api);
      const headers = 'Host: test\r\nContent-Type: application/json\r\nContent-Length: 99';
      client.send(`POST /api/auth/login HTTP/1.1\r\n${headers}\r\n\r\n{"email":`);
      // The next connection is served after the bytes of this one are read.
      await openIdle(api).then((idle) => idle.close());
      await expectForcedEnd(api, 'connections 1, unfinished requests 1');
    });

    it('for a client that does not read its answers', async () => {
      const api = await start({ SHUTDOWN_TIMEOUT: '1s', DOCS: 'on' });
      const client = await open(api);
      client.stopReading();
      // More than all buffers between them take.
      for (let request = 0; request < 40; request += 1) {
        client.get('/docs/swagger-ui-bundle.js');
      }
      // Until no further answer is sent, although all requests have been read.
      let answered = 0;
      await until(
        'the server stops sending answers',
        async () => {
          const before = answered;
          await openIdle(api).then((idle) => idle.close());
          answered = api.output.split('"route":"/docs').length - 1;
          return { before, answered };
        },
        (counts) => counts.answered > 0 && counts.answered === counts.before,
      );
      api.signal('SIGTERM');
      expect(await api.ended).toBe('exit code 1');
      expect(api.logged('error')).toEqual([
        expect.stringMatching(/^not stopped within 1 s \(connections 1, unfinished requests \d+\)/),
      ]);
    });

    it('for a store that hangs', async () => {
      const proxy = await TcpProxy.start(Number(new URL(sharedStores().postgresUrl).port));
      leftovers.push({ close: () => proxy.stop() });
      const url = new URL(database.url);
      url.port = String(proxy.port);
      const api = await start({ SHUTDOWN_TIMEOUT: '1s', DATABASE_URL: url.href });
      const { accessToken: token } = await register(api);
      // The last use of the session is to be recorded before the end.
      expect((await api.http.get(PROFILE, { token })).status).toBe(200);
      proxy.hang();
      await expectForcedEnd(api, 'a connection to a store does not close');
    });
  });
});
