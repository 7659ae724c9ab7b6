import { newEmail, startTestApp, type TestApp } from '../../support/app';
import { sharedStores } from '../../support/shared-stores';
import { TcpProxy } from '../../support/tcp-proxy';
import { until } from '../../support/until';
import { clientOf, failure, recordRequests, signedInClientOf } from './client-of';

describe('calls of the client while Postgres is away', () => {
  let app: TestApp;
  let postgres: TcpProxy;

  beforeAll(async () => {
    postgres = await TcpProxy.start(Number(new URL(sharedStores().postgresUrl).port));
    app = await startTestApp({
      postgresPort: postgres.port,
      env: { RATE_LIMIT: 'on', LOGIN_LIMIT_PER_ACCOUNT: '1' },
    });
  });

  afterEach(async () => {
    postgres.restore();
    const ready = () => app.http.get('/health/ready');
    await until('Postgres answers again', async () => (await ready()).status, 200);
  });

  afterAll(async () => {
    await app.close();
    postgres.stop();
  });

  it('repeat a read after the time in Retry-After, and not before', async () => {
    const { client, time, session } = await signedInClientOf(app);
    const { accessToken } = await app.login((await client.profile()).email);
    const requests = recordRequests(app);
    postgres.cut();
    const call = client.sessions();
    await time.set(1_000);
    postgres.restore();
    const raw = () => app.http.get('/api/auth/sessions', { token: accessToken });
    await until('Postgres answers again', async () => (await raw()).status, 200);
    requests.names.length = 0;
    time.advance(999);
    await raw();
    expect(requests.names).toEqual(['GET /api/auth/sessions']);
    time.advance(1);
    expect((await call).sessions.at(-1)).toMatchObject({ id: session.id });
    expect(requests.names).toEqual(['GET /api/auth/sessions', 'GET /api/auth/sessions']);
    requests.stop();
  });

  it.each(['logout', 'revokeSession'] as const)('repeat %s twice, then throw', async (name) => {
    const { client, time, ends, session } = await signedInClientOf(app);
    const requests = recordRequests(app);
    postgres.cut();
    const call = failure(name === 'logout' ? client.logout() : client.revokeSession(session.id));
    await time.pass(1_000);
    await time.pass(1_000);
    expect(await call).toMatchObject({
      code: 'dependency_unavailable',
      status: 503,
      retryAfterSeconds: 1,
    });
    expect(requests.names).toHaveLength(3);
    expect(ends).toEqual([]);
    requests.stop();
  });

  it('do not wait beyond their deadline', async () => {
    const { client } = await signedInClientOf(app);
    const requests = recordRequests(app);
    postgres.cut();
    const call = failure(client.call('listSessions', { timeoutMs: 1_000 }));
    expect(await call).toMatchObject({ code: 'dependency_unavailable' });
    expect(requests.names).toHaveLength(1);
    requests.stop();
  });

  it('do not repeat a change', async () => {
    const { client } = await signedInClientOf(app);
    const requests = recordRequests(app);
    postgres.cut();
    expect(await failure(client.updateProfile({ bio: 'x' }))).toMatchObject({ status: 503 });
    expect(requests.names).toEqual(['PUT /api/auth/profile']);
    requests.stop();
  });

  it('do not repeat a sign-in that a limit refuses', async () => {
    const { client } = clientOf(app);
    const account = { email: newEmail(), password: 'not the password' };
    await failure(client.login(account));
    const requests = recordRequests(app);
    expect(await failure(client.login(account))).toMatchObject({
      code: 'rate_limited',
      status: 429,
      retryAfterSeconds: expect.any(Number) as number,
    });
    expect(requests.names).toEqual(['POST /api/auth/login']);
    requests.stop();
  });
});
