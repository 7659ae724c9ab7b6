import { startTestApp, type TestApp } from '../support/app';
import { TcpProxy } from '../support/tcp-proxy';

const REVOKE = '/api/auth/revoke';
const HOUR_MS = 3_600_000;

describe('POST /api/auth/revoke (RFC 7009)', () => {
  let app: TestApp;
  let wire: TcpProxy;
  /** Without a working Postgres while the wire hangs. */
  let other: TestApp;

  beforeAll(async () => {
    const env = { JWT_EXPIRES_IN: '15m' };
    app = await startTestApp({ env });
    wire = await TcpProxy.start(Number(new URL(app.database.url).port));
    other = await startTestApp({ beside: app, env, postgresPort: wire.port });
  });

  afterAll(async () => {
    await other.close();
    wire.stop();
    await app.close();
  });

  function revoke(token: string, fields: Record<string, string> = {}, at: TestApp = app) {
    return at.http.post(REVOKE, {
      raw: new URLSearchParams({ token, ...fields }).toString(),
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
  }

  async function codeOf(token: string): Promise<unknown> {
    const answer = await app.http.get('/api/auth/profile', { token });
    return answer.status === 200 ? 'accepted' : answer.body.code;
  }

  it('ends the session of an access token', async () => {
    const { accessToken } = await app.register();
    const answer = await revoke(accessToken, { token_type_hint: 'access_token' });
    expect([answer.status, answer.body]).toEqual([200, undefined]);
    expect(await codeOf(accessToken)).toBe('token_revoked');
  });

  it.each(['unused', 'used'])('ends the session of a refresh token that is %s', async (state) => {
    const { refreshToken, accessToken } = await app.register();
    if (state === 'used') {
      await app.http.post('/api/auth/refresh', { json: { refreshToken } });
    }
    expect((await revoke(refreshToken, { token_type_hint: 'access_token' })).status).toBe(200);
    expect(await codeOf(accessToken)).toBe('token_revoked');
    const refreshed = await app.http.post('/api/auth/refresh', { json: { refreshToken } });
    expect(refreshed.status).toBe(401);
  });

  it('ends the session of an access token that has expired', async () => {
    const { accessToken, refreshToken } = await app.register();
    app.clock.advance(HOUR_MS);
    expect(await codeOf(accessToken)).toBe('token_expired');
    expect((await revoke(accessToken)).status).toBe(200);
    const refreshed = await app.http.post('/api/auth/refresh', { json: { refreshToken } });
    expect(refreshed.body.code).toBe('token_revoked');
  });

  it('leaves other sessions alone, and answers alike for what is no token', async () => {
    const { accessToken, refreshToken, user } = await app.register();
    const second = await app.login(user.email);
    const [header, claims] = accessToken.split('.') as [string, string];
    const [id] = refreshToken.split('.') as [string];
    for (const token of ['', 'x', `${header}.${claims}.AAAA`, `${id}.${'A'.repeat(43)}`]) {
      const answer = await revoke(token);
      expect([answer.status, answer.body]).toEqual([200, undefined]);
    }
    expect(await codeOf(accessToken)).toBe('accepted');
    await revoke(second.accessToken);
    await revoke(second.accessToken);
    expect(await codeOf(accessToken)).toBe('accepted');
  });

  it('refuses a request without a token', async () => {
    const answer = await app.http.post(REVOKE, { json: {} });
    expect([answer.status, answer.body.code]).toEqual([400, 'validation_failed']);
  });

  it('refuses the token, and asks for a repetition, while the end cannot be recorded', async () => {
    const { accessToken } = await app.register();
    wire.cut();
    const answer = await revoke(accessToken, {}, other);
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1']);
    expect(await codeOf(accessToken)).toBe('token_revoked');
    wire.restore();
    expect((await revoke(accessToken)).status).toBe(200);
    await app.redis.client.flushall();
    expect(await codeOf(accessToken)).toBe('token_revoked');
  });
});
