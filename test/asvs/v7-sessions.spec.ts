import { parseSettings } from '../../libs/config/settings';
import { newRefreshToken } from '../../libs/session/refresh-token';
import { PASSWORD, startTestApp, type TestApp } from '../support/app';
import { codeIn, rowsIn, sectionOf } from '../support/document';

const SECURITY = 'docs/security.md';

let app: TestApp;

beforeAll(async () => {
  app = await startTestApp();
});

afterAll(async () => {
  await app.close();
});

describe('docs/security.md', () => {
  const section = sectionOf(SECURITY, 'Sessions');

  it('V7.1.1, V7.1.2: has the lifetimes and the number of sessions that hold unless set otherwise', () => {
    const settings = parseSettings({
      DATABASE_URL: 'postgres://localhost/none',
      REDIS_URL: 'redis://localhost',
      JWT_SECRET: 'a secret of the tests, long enough',
    });
    const documented: Record<string, unknown> = {};
    for (const { setting, ...row } of rowsIn(section)) {
      const [name] = codeIn(setting ?? '');
      if (name !== undefined) {
        documented[name] = row['unless set otherwise'];
      }
    }
    expect(documented).toEqual({
      JWT_EXPIRES_IN: `${settings.jwtExpiresInSeconds / 3600}h`,
      SESSION_TTL: `${settings.sessionTtlSeconds / 3600}h`,
      SESSION_MAX_LIFETIME: `${settings.sessionMaxLifetimeSeconds / 86_400}d`,
      MAX_SESSIONS_PER_USER: String(settings.maxSessionsPerUser),
    });
  });

  it('V7.1.1: says where it differs from NIST SP 800-63B, and why', () => {
    expect(section).toContain('**Against NIST SP 800-63B.**');
  });

  it('V7.1.3: says how those who rely on a session learn of its end', () => {
    const ways = rowsIn(section).flatMap(({ way = '' }) => codeIn(way));
    expect(ways).toEqual([
      'GET /api/auth/verify',
      'POST /api/auth/introspect',
      '/.well-known/jwks.json',
    ]);
  });
});

describe('a session', () => {
  it('V7.2.3: has refresh tokens of 256 random bits, each another one', () => {
    const secrets = Array.from({ length: 1000 }, () => newRefreshToken().secret);
    expect(secrets.every(({ length }) => length === 32)).toBe(true);
    expect(new Set(secrets.map((secret) => secret.toString('hex'))).size).toBe(1000);
    // Each of the bits is set in about half of them: six deviations of a fair coin.
    for (let bit = 0; bit < 256; bit++) {
      const set = secrets.filter((secret) => (secret[bit >> 3]! >> (bit & 7)) & 1).length;
      expect(Math.abs(set - 500)).toBeLessThan(95);
    }
  });

  it('V7.2.2, V7.2.4: is a new one at each sign-in, with tokens of its own, whatever the client brings', async () => {
    const first = await app.register();
    const answer = await app.http.post<typeof first>('/api/auth/login', {
      json: { email: first.user.email, password: PASSWORD },
      token: first.accessToken,
      headers: { cookie: `session=${first.session.id}`, 'x-session-id': first.session.id },
    });
    const second = answer.body;
    expect(answer.status).toBe(200);
    expect(second.session.id).not.toBe(first.session.id);
    expect(second.accessToken).not.toBe(first.accessToken);
    expect(second.refreshToken).not.toBe(first.refreshToken);
    expect(answer.headers.get('set-cookie')).toBeNull();
  });

  it('V7.2.4: cannot be chosen by the client', async () => {
    const { user, session } = await app.register();
    for (const field of ['sessionId', 'sid', 'session', 'id']) {
      const json = { email: user.email, password: PASSWORD, [field]: session.id };
      expect((await app.http.post('/api/auth/login', { json })).status).toBe(400);
    }
  });

  it('V7.2.4: ends with the proof of the old password when that is changed', async () => {
    const before = await app.register();
    const json = { currentPassword: PASSWORD, newPassword: 'a brighter horse battery staple' };
    await app.http.put('/api/auth/profile/password', { token: before.accessToken, json });
    const { status, body } = await app.http.get('/api/auth/profile', { token: before.accessToken });
    expect([status, body.code]).toEqual([401, 'token_revoked']);
  });

  it('V7.5.1: changes nothing by which one signs in, but for the password, by the password', async () => {
    const { user, accessToken: token } = await app.register();
    for (const json of [
      { email: 'other@example.com' },
      { password: PASSWORD },
      { passwordHash: 'x' },
      { role: 'admin' },
      { disabled: false },
    ]) {
      const { status, body } = await app.http.put('/api/auth/profile', { token, json });
      expect([status, body.code]).toEqual([400, 'validation_failed']);
    }
    const { body } = await app.http.get('/api/auth/profile', { token });
    expect(body).toMatchObject({ email: user.email, role: 'user' });
    const json = { newPassword: 'a brighter horse battery staple' };
    expect((await app.http.put('/api/auth/profile/password', { token, json })).status).toBe(400);
    await app.login(user.email);
  });

  it.failing(
    'V7.5.2: is ended, when it is another one, by whoever proves again who they are',
    async () => {
      const first = await app.register();
      const second = await app.login(first.user.email);
      const path = `/api/auth/sessions/${first.session.id}`;
      expect((await app.http.delete(path, { token: second.accessToken })).status).toBe(401);
    },
  );

  it.each([
    ['application/x-www-form-urlencoded', 'email=a%40b.co&password=x'],
    ['text/plain', '{"email":"a@b.co","password":"x"}'],
    ['multipart/form-data; boundary=x', '--x--'],
  ])('V7.6.2: is not opened by what another page can send, %s', async (type, raw) => {
    for (const path of ['/api/auth/login', '/api/auth/register', '/api/auth/refresh']) {
      const { status } = await app.http.post(path, { raw, headers: { 'content-type': type } });
      expect(status).toBe(415);
    }
  });

  it('V7.6.2: is not opened by a GET', async () => {
    for (const path of ['/api/auth/login?email=a@b.co&password=x', '/api/auth/refresh']) {
      expect((await app.http.get(path)).status).toBe(405);
    }
  });
});
