import { startTestApp, type TestApp } from '../support/app';
import { CommandCounter } from '../support/command-counter';

const CLIENT = { id: 'billing', secret: 'a long random secret' };
const INTROSPECT = '/api/auth/introspect';

describe('gateways and services', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startTestApp({
      env: { INTROSPECTION_CLIENTS: `other:another long secret,${CLIENT.id}:${CLIENT.secret}` },
    });
  });

  afterAll(async () => {
    await app.close();
  });

  function introspect(token: string, credentials = `${CLIENT.id}:${CLIENT.secret}`) {
    return app.http.post(INTROSPECT, {
      raw: new URLSearchParams({ token }).toString(),
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        authorization: `Basic ${Buffer.from(credentials).toString('base64')}`,
      },
    });
  }

  /** Runs work while Postgres answers no query. */
  async function withoutPostgres<T>(work: () => Promise<T>): Promise<T> {
    const runner = app.database.sql.createQueryRunner();
    await runner.startTransaction();
    await runner.query(
      'LOCK TABLE users, sessions, subjects, refresh_tokens IN ACCESS EXCLUSIVE MODE',
    );
    try {
      return await work();
    } finally {
      await runner.rollbackTransaction();
      await runner.release();
    }
  }

  it('forward authentication names user, session and role, and has no body', async () => {
    const { accessToken: token, user, session } = await app.register();
    const answer = await app.http.get('/api/auth/verify', { token });
    expect(answer.status).toBe(200);
    expect(answer.body).toBeUndefined();
    expect(answer.headers.get('x-user-id')).toBe(user.id);
    expect(answer.headers.get('x-session-id')).toBe(session.id);
    expect(answer.headers.get('x-user-role')).toBe('user');
  });

  it('forward authentication refuses without a name of a user', async () => {
    const { accessToken: token } = await app.register();
    await app.http.post('/api/auth/logout', { token });
    for (const call of [{ token }, {}]) {
      const refused = await app.http.get('/api/auth/verify', call);
      expect(refused.status).toBe(401);
      expect(refused.headers.get('www-authenticate')).toMatch(/^Bearer /);
      expect(refused.headers.get('x-user-id')).toBeNull();
    }
  });

  it('introspection returns all claims of a live token', async () => {
    const { accessToken, user, session } = await app.register();
    const answer = await introspect(accessToken);
    expect(answer.status).toBe(200);
    const [, payload] = accessToken.split('.') as [string, string];
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object;
    expect(answer.body).toEqual({
      ...claims,
      active: true,
      sub: user.id,
      sid: session.id,
      scope: 'user',
      token_type: 'Bearer',
    });
  });

  it('introspection returns only `active: false` for a token that is not live', async () => {
    const loggedOut = await app.register();
    await app.http.post('/api/auth/logout', { token: loggedOut.accessToken });
    const live = await app.register();
    const forged = `${live.accessToken.slice(0, -4)}AAAA`;
    const dead = [loggedOut.accessToken, forged, live.refreshToken, 'x', '', 'a.b.c'];
    for (const token of dead) {
      const answer = await introspect(token);
      expect([answer.status, answer.body]).toEqual([200, { active: false }]);
    }
  });

  it.each([
    ['no credentials', ''],
    ['a wrong secret', `${CLIENT.id}:a long random secreT`],
    ['an unknown client', `unknown:${CLIENT.secret}`],
    ["another client's secret", `${CLIENT.id}:another long secret`],
  ])('introspection refuses a caller with %s', async (_, credentials) => {
    const { accessToken } = await app.register();
    const answer = await introspect(accessToken, credentials);
    expect([answer.status, answer.body.code]).toEqual([401, 'invalid_credentials']);
    expect(answer.headers.get('www-authenticate')).toMatch(/^Basic realm=/);
    expect(JSON.stringify(answer.body)).not.toContain('active');
  });

  it('forms are accepted for introspection alone', async () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const answer = await app.http.post('/api/auth/login', { raw: 'email=a&password=b', headers });
    expect([answer.status, answer.body.code]).toEqual([415, 'unsupported_media_type']);
    expect(answer.body.detail).toBe('Send the body as application/json.');
  });

  it('introspection names the media type that it requires', async () => {
    for (const type of ['text/plain', 'image/png', 'no type at all']) {
      const call = { raw: 'token=x', headers: { 'content-type': type } };
      const { status, body } = await app.http.post('/api/auth/introspect', call);
      expect([type, status, body.code, body.detail]).toEqual([
        type,
        415,
        'unsupported_media_type',
        'Send the body as application/x-www-form-urlencoded.',
      ]);
    }
  });

  it('both take one Redis command and no Postgres query', async () => {
    const { accessToken: token } = await app.register();
    const counter = await CommandCounter.start(app.redis.url);
    await app.http.get('/api/auth/verify', { token });
    const commands = await withoutPostgres(() =>
      counter.during(async () => {
        expect((await app.http.get('/api/auth/verify', { token })).status).toBe(200);
        expect((await introspect(token)).body.active).toBe(true);
      }),
    );
    counter.stop();
    expect(commands).toEqual(['evalsha', 'evalsha']);
  });
});
