import { newEmail, PASSWORD, startTestApp, type TestApp } from '../support/app';
import type { Answer } from '../support/http-client';
import { sharedStores } from '../support/shared-stores';
import { TcpProxy } from '../support/tcp-proxy';
import { until } from '../support/until';

const PROFILE = '/api/auth/profile';

function expectUnavailable(answer: Answer): void {
  expect([answer.status, answer.body.code]).toEqual([503, 'dependency_unavailable']);
  expect(answer.headers.get('retry-after')).toMatch(/^\d+$/);
  expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  expect(JSON.stringify(answer.body)).not.toMatch(/redis|postgres|ECONN|session:/i);
}

describe('with Redis away', () => {
  let app: TestApp;

  beforeEach(async () => {
    app = await startTestApp();
  });

  afterEach(async () => {
    await app.close();
  });

  async function expectDegraded(token: string): Promise<void> {
    const health = await app.http.get('/api/auth/health');
    expect([health.status, health.body]).toEqual([
      503,
      { status: 'ERROR', redis: 'disconnected', sessionStats: null },
    ]);
    const ready = await app.http.get<{ status: string; details: { redis: { status: string } } }>(
      '/health/ready',
    );
    expect([ready.status, ready.body.details.redis.status]).toEqual([200, 'degraded']);
    expect((await app.http.get('/health/live')).status).toBe(200);
    expectUnavailable(await app.http.get(PROFILE, { token }));
    expectUnavailable(await app.http.post('/api/auth/logout', { token }));
  }

  it('killed, it denies with 503, never 401, and says that it is degraded', async () => {
    const { accessToken } = await app.register();
    process.kill(app.redis.pid, 'SIGKILL');
    await until(async () => (await app.http.get('/api/auth/health')).status === 503);
    await expectDegraded(accessToken);
  });

  it('hung, it denies within its deadline, and recovers by itself', async () => {
    const { accessToken: token } = await app.register();
    process.kill(app.redis.pid, 'SIGSTOP');
    try {
      await expectDegraded(token);
    } finally {
      process.kill(app.redis.pid, 'SIGCONT');
    }
    await until(async () => (await app.http.get('/api/auth/health')).status === 200);
    // One of the calls above may have reached the record before Redis failed it.
    expect([200, 401]).toContain((await app.http.get(PROFILE, { token })).status);
  });
});

describe('with Postgres away', () => {
  let app: TestApp;
  let proxy: TcpProxy;

  beforeEach(async () => {
    proxy = await TcpProxy.start(Number(new URL(sharedStores().postgresUrl).port));
    app = await startTestApp({ postgresPort: proxy.port });
  });

  afterEach(async () => {
    proxy.restore();
    await app.close();
    proxy.stop();
  });

  it.each(['cut', 'hang'] as const)(
    '(%s) cached profiles are served, the rest is 503, and it recovers by itself',
    async (fault) => {
      const { accessToken: token, user } = await app.register();
      await app.http.get(PROFILE, { token });
      proxy[fault]();

      const hit = await app.http.get(PROFILE, { token });
      expect([hit.status, hit.headers.get('x-cache')]).toEqual([200, 'HIT']);
      const login = { email: user.email, password: PASSWORD };
      const [signIn, signUp, change] = await Promise.all([
        app.http.post('/api/auth/login', { json: login }),
        app.http.post('/api/auth/register', { json: { ...login, email: newEmail() } }),
        app.http.put(PROFILE, { token, json: { bio: 'x' } }),
      ]);
      [signIn, signUp, change].forEach(expectUnavailable);
      expect((await app.http.get('/health/ready')).status).toBe(503);
      expect((await app.http.get('/health/live')).status).toBe(200);
      expect((await app.http.get('/api/auth/health')).status).toBe(200);

      proxy.restore();
      await until(async () => (await app.http.get('/health/ready')).status === 200);
      expect((await app.login(user.email)).user.id).toBe(user.id);
    },
  );
});
