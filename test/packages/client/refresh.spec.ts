import type { AddressInfo } from 'node:net';
import type { LatchkeyClient, TokenStorage, Tokens } from '../../../packages/client/src';
import { AdminService } from '../../../libs/auth';
import { PASSWORD, startTestApp, type TestApp } from '../../support/app';
import { sharedStores } from '../../support/shared-stores';
import { TcpProxy } from '../../support/tcp-proxy';
import { until } from '../../support/until';
import { clientOf, failure, recordRequests, signedInClientOf } from './client-of';

const HOUR_MS = 3_600_000;
const REFRESH = 'POST /api/auth/refresh';
const PROFILE = 'GET /api/auth/profile';
/** The pauses of the repetitions that begin within 8 s. */
const PAUSES_MS = [250, 500, 1_000, 2_000, 4_000];

describe('refresh by the client', () => {
  let app: TestApp;
  let proxy: TcpProxy;
  let postgres: TcpProxy;
  let requests: ReturnType<typeof recordRequests>;
  /** Loses the answers to this many refreshes. */
  let answersToLose = 0;
  /** Keeps the next refresh waiting for its answer. */
  let isSilent = false;

  beforeAll(async () => {
    postgres = await TcpProxy.start(Number(new URL(sharedStores().postgresUrl).port));
    app = await startTestApp({ postgresPort: postgres.port, env: { JWT_EXPIRES_IN: '1h' } });
  });

  beforeEach(async () => {
    const { port } = app.nest.getHttpServer().address() as AddressInfo;
    // Of a port of its own: fetch keeps connections of earlier tests.
    proxy = await TcpProxy.start(port);
    answersToLose = 0;
    requests = recordRequests(app, (name, response) => {
      if (name === REFRESH && isSilent) {
        isSilent = false;
        response.end = () => response;
      } else if (name === REFRESH && answersToLose > 0) {
        answersToLose -= 1;
        // The server has used the token by then.
        response.on('finish', () => proxy.endConnections());
        proxy.answers = () => Buffer.alloc(0);
      } else {
        proxy.answers = (chunk) => chunk;
      }
    });
  });

  afterEach(() => {
    requests.stop();
    proxy.stop();
    postgres.restore();
  });

  afterAll(async () => {
    await app.close();
    postgres.stop();
  });

  const throughProxy = () => ({ baseUrl: `http://127.0.0.1:${proxy.port}` });

  const count = (name: string) => requests.names.filter((one) => one === name).length;

  /** Makes the access tokens of all clients expire, on the server and not yet for the clients. */
  const expire = () => app.clock.advance(HOUR_MS + 1_000);

  function twenty(client: LatchkeyClient): Promise<unknown[]> {
    return Promise.all(Array.from({ length: 20 }, () => failure(client.profile())));
  }

  it('is one for any number of concurrent calls after token_expired', async () => {
    const { client, ends } = await signedInClientOf(app);
    expire();
    expect(await twenty(client)).toEqual(Array(20).fill('no error'));
    expect([count(REFRESH), count(PROFILE), ends]).toEqual([1, 40, []]);
  });

  it('comes 30 s before the access token expires, by the clock of the client', async () => {
    const { client, time } = await signedInClientOf(app);
    time.advance(HOUR_MS - 30_001);
    await client.profile();
    expect(count(REFRESH)).toBe(0);
    time.advance(1);
    expect(await twenty(client)).toEqual(Array(20).fill('no error'));
    expect([count(REFRESH), count(PROFILE)]).toEqual([1, 21]);
  });

  it('is repeated with the same token when its answer is lost, and gets the same pair', async () => {
    const { client, time, ends, session } = await signedInClientOf(app, throughProxy());
    expire();
    answersToLose = 1;
    const call = client.profile();
    await time.pass(250);
    await call;
    expect([count(REFRESH), ends]).toEqual([2, []]);
    // The first token and one successor.
    const tokens = await app.database.sql.query<unknown[]>(
      'SELECT id FROM refresh_tokens WHERE session_id = $1',
      [session.id],
    );
    expect(tokens).toHaveLength(2);
    expire();
    await client.profile();
  });

  it('is repeated with the same token when no answer comes in time', async () => {
    const { client, time, ends } = await signedInClientOf(app, throughProxy());
    expire();
    isSilent = true;
    const call = client.profile();
    await until('the request has arrived', () => count(REFRESH), 1);
    await time.pass(3_000);
    await time.pass(250);
    await call;
    expect([count(REFRESH), ends]).toEqual([2, []]);
  });

  it('whose answer stays lost for 8 s fails, and the server ends a session whose token comes later', async () => {
    const { client, time, ends } = await signedInClientOf(app, throughProxy());
    expire();
    answersToLose = 100;
    const call = failure(client.profile());
    for (const pauseMs of PAUSES_MS) {
      await time.pass(pauseMs);
    }
    expect(await call).toMatchObject({ code: 'network_error' });
    expect([count(REFRESH), ends]).toEqual([1 + PAUSES_MS.length, []]);
    answersToLose = 0;
    app.clock.advance(10_000);
    expect(await failure(client.profile())).toMatchObject({ code: 'token_revoked' });
    expect(ends).toEqual(['token_revoked']);
  });

  it('that never reached the server leaves the session alive', async () => {
    const { client, time, ends } = await signedInClientOf(app, throughProxy());
    time.advance(HOUR_MS);
    await proxy.refuse();
    const call = failure(client.profile());
    for (const pauseMs of PAUSES_MS) {
      await time.pass(pauseMs);
    }
    expect(await call).toMatchObject({ code: 'network_error' });
    await proxy.accept();
    await client.profile();
    expect([count(REFRESH), ends]).toEqual([1, []]);
  });

  it('that fails ahead of time leaves the access token in use', async () => {
    const { client, time, ends } = await signedInClientOf(app);
    await client.profile();
    time.advance(HOUR_MS - 30_000);
    postgres.cut();
    const call = client.profile();
    for (const pauseMs of [1_000, 1_000, 1_000, 2_000]) {
      await time.pass(pauseMs);
    }
    await call;
    const refreshes = count(REFRESH);
    await client.profile();
    // The next attempt waits.
    expect([count(REFRESH), ends]).toEqual([refreshes, []]);
  });

  it('is not tried with a revoked session: the end is reported once', async () => {
    const { client, ends, user } = await signedInClientOf(app);
    await app.nest.get(AdminService).revokeSessions(user.id);
    const errors = await twenty(client);
    expect(errors).toEqual(
      Array(20).fill(expect.objectContaining({ code: 'token_revoked', status: 401 })),
    );
    expect([count(REFRESH), ends]).toEqual([0, ['token_revoked']]);
    expect(await client.accessToken()).toBeNull();
  });

  it('that is refused ends the session, once for all callers', async () => {
    const { client, time, ends, user } = await signedInClientOf(app);
    await app.nest.get(AdminService).revokeSessions(user.id);
    time.advance(HOUR_MS);
    const errors = await twenty(client);
    expect(errors).toEqual(Array(20).fill(expect.objectContaining({ code: 'token_revoked' })));
    expect([count(REFRESH), count(PROFILE), ends]).toEqual([1, 0, ['token_revoked']]);
  });

  it('does not bring back a session that was replaced meanwhile, nor go on as its user', async () => {
    const { client, time, ends } = await signedInClientOf(app, throughProxy());
    const { user: other } = await app.register();
    expire();
    answersToLose = 1;
    const call = failure(client.profile());
    await time.set(250);
    await client.login({ email: other.email, password: PASSWORD });
    time.advance(250);
    expect(await call).toMatchObject({ code: 'token_expired' });
    expect([count(REFRESH), count(PROFILE)]).toEqual([2, 1]);
    expect(await client.profile()).toEqual(other);
    expect(ends).toEqual([]);
  });

  describe('of clients that share a storage', () => {
    /** A storage that takes its time, as those of mobile devices do. */
    function sharedStorage(name?: string): TokenStorage {
      let kept: Tokens | null = null;
      const turn = () => new Promise((resolve) => setImmediate(resolve));
      return {
        ...(name !== undefined && { name }),
        async read() {
          await turn();
          return kept;
        },
        async write(tokens) {
          await turn();
          kept = tokens;
        },
      };
    }

    it('is one for both', async () => {
      const storage = sharedStorage('shared');
      const first = await signedInClientOf(app, { storage });
      const second = clientOf(app, { storage });
      expire();
      await Promise.all([twenty(first.client), twenty(second.client)]);
      expect(count(REFRESH)).toBe(1);
      expect(await second.client.accessToken()).toBe(await first.client.accessToken());
    });

    it('reports to each the end that another has made', async () => {
      const storage = sharedStorage('shared too');
      const first = await signedInClientOf(app, { storage });
      const second = clientOf(app, { storage });
      await second.client.profile();
      await first.client.logout();
      expect(await failure(second.client.profile())).toMatchObject({ code: 'token_missing' });
      expect([first.ends, second.ends]).toEqual([['logout'], ['elsewhere']]);
    });

    it('reports the end of a session once, however slow the storage is', async () => {
      const { client, ends, user } = await signedInClientOf(app, { storage: sharedStorage() });
      await app.nest.get(AdminService).revokeSessions(user.id);
      await twenty(client);
      expect(ends).toEqual(['token_revoked']);
    });
  });
});
