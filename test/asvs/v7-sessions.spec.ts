import nodeCrypto, { randomUUID } from 'node:crypto';
import { TokenService } from '../../libs/auth/token.service';
import { parseSettings } from '../../libs/config/settings';
import { LastSeenTracker } from '../../libs/session/verify/last-seen.tracker';
import {
  newRefreshToken,
  newSuccessorSalt,
  successorSecret,
} from '../../libs/session/refresh/refresh-token';
import { SessionChangesApplier } from '../../libs/session/revoke/session-changes.applier';
import { ALL_SESSIONS_REVOKED, SESSION_REVOKED } from '../../libs/session/store/session-changes';
import { OutboxApplier } from '../../libs/sync';
import { PASSWORD, startTestApp, type TestApp } from '../support/app';
import { codeIn, rowsIn, sectionOf } from '../support/document';
import { keys } from '../support/keys';

const SECURITY = 'docs/security.md';
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

let app: TestApp;

beforeAll(async () => {
  app = await startTestApp();
});

afterAll(async () => {
  await app.close();
});

describe('docs/security.md', () => {
  const section = sectionOf(SECURITY, 'Sessions');

  it('V7.1.1, V7.1.2: has the default lifetimes and the default number of sessions', () => {
    const settings = parseSettings({
      DATABASE_URL: 'postgres://localhost/none',
      REDIS_URL: 'redis://localhost',
      JWT_SECRET: 'a secret of the tests, long enough',
    });
    const documented: Record<string, unknown> = {};
    for (const { setting, ...row } of rowsIn(section)) {
      const [name] = codeIn(setting ?? '');
      if (name !== undefined) {
        documented[name] = row.default;
      }
    }
    expect(documented).toEqual({
      JWT_EXPIRES_IN: `${settings.jwtExpiresInSeconds / 3600}h`,
      SESSION_TTL: `${settings.sessionTtlSeconds / 3600}h`,
      SESSION_MAX_LIFETIME: `${settings.sessionMaxLifetimeSeconds / 86_400}d`,
      REMEMBER_TTL: `${settings.rememberTtlSeconds / 86_400}d`,
      REMEMBER_MAX_LIFETIME: `${settings.rememberMaxLifetimeSeconds / 86_400}d`,
      SESSION_IDLE_TIMEOUT: settings.sessionIdleTimeoutSeconds === undefined ? 'off' : 'on',
      RECENT_AUTH_TTL: `${settings.recentAuthTtlSeconds / 60}m`,
      MAX_SESSIONS_PER_USER: String(settings.maxSessionsPerUser),
    });
  });

  it('V7.1.1: names the differences from NIST SP 800-63B, with reasons', () => {
    expect(section).toContain('**Against NIST SP 800-63B.**');
  });

  it('V7.1.3: describes how other services learn of the end of a session', () => {
    const ways = rowsIn(section)
      .filter(({ way }) => way)
      .map((row) => [codeIn(row.way ?? '')[0], row['sees a revocation']]);
    expect(ways).toEqual([
      ['GET /api/auth/verify', 'at the next request'],
      ['POST /api/auth/introspect', 'at the next call'],
      ['GET /api/auth/revocations', 'within two seconds'],
      ['/.well-known/jwks.json', '**never**; expiry only'],
    ]);
    expect(section).toContain('Only Latchkey creates sessions.');
  });
});

describe('a session', () => {
  it('V7.2.3: has refresh tokens of 256 random bits, each different', () => {
    const secrets = Array.from({ length: 1000 }, () => newRefreshToken().secret);
    expect(secrets.every(({ length }) => length === 32)).toBe(true);
    expect(new Set(secrets.map((secret) => secret.toString('hex'))).size).toBe(1000);
    // Each of the bits is set in about half of them: six deviations of a fair coin.
    for (let bit = 0; bit < 256; bit++) {
      const set = secrets.filter((secret) => (secret[bit >> 3]! >> (bit & 7)) & 1).length;
      expect(Math.abs(set - 500)).toBeLessThan(95);
    }
  });

  it('V7.2.3: has refresh tokens from the secure generator, and successors salted from it', () => {
    const drawn = jest.spyOn(nodeCrypto, 'randomBytes');
    try {
      const { secret } = newRefreshToken();
      const salt = newSuccessorSalt();
      expect(drawn.mock.calls).toEqual([[32], [32]]);
      expect(drawn.mock.results.map(({ value }) => value as unknown)).toEqual([secret, salt]);
      // Not the used secret, and 256 bits again.
      const successor = successorSecret(secret, salt);
      expect(successor).toHaveLength(32);
      expect(successor).not.toEqual(secret);
      expect(successor).not.toEqual(successorSecret(secret, newSuccessorSalt()));
    } finally {
      drawn.mockRestore();
    }
  });

  it('V7.2.2, V7.2.4: is new at each sign-in, with its own tokens, also when the client sends others', async () => {
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
    // It belongs to another device, and continues.
    const { status } = await app.http.get('/api/auth/profile', { token: first.accessToken });
    expect(status).toBe(200);
  });

  it('V7.2.4: cannot be chosen by the client', async () => {
    const { user, session } = await app.register();
    for (const field of ['sessionId', 'sid', 'session', 'id']) {
      const json = { email: user.email, password: PASSWORD, [field]: session.id };
      expect((await app.http.post('/api/auth/login', { json })).status).toBe(400);
    }
  });

  it('V7.2.4: ends when the password is changed with the current one', async () => {
    const before = await app.register();
    const json = { currentPassword: PASSWORD, newPassword: 'a brighter horse battery staple' };
    await app.http.put('/api/auth/profile/password', { token: before.accessToken, json });
    const { status, body } = await app.http.get('/api/auth/profile', { token: before.accessToken });
    expect([status, body.code]).toEqual([401, 'token_revoked']);
  });

  it('V7.3.1: expires when it is used and not refreshed, also before its token expires', async () => {
    const { user, session, accessToken, refreshToken } = await app.register();
    const read = async (token: string) => {
      const { status, body } = await app.http.get('/api/auth/profile', { token });
      return [status, body.code];
    };
    let hours = 0;
    const advance = (more: number) => {
      hours += more;
      app.clock.advance(more * HOUR_MS);
    };
    try {
      advance(23);
      expect(await read(accessToken)).toEqual([200, undefined]);
      await app.nest.get(LastSeenTracker).flush();
      const longLived = { ...session, userId: user.id, role: 'user', generation: 1 };
      const { token } = app.nest
        .get(TokenService)
        .issue({ ...longLived, expiresAtMs: Infinity }, randomUUID(), app.clock.nowMs());
      expect(await read(token)).toEqual([200, undefined]);
      advance(2);
      expect(await read(token)).toEqual([401, 'token_expired']);
      // Where Redis has no entry the record gives the same answer.
      await app.redis.client.del(keys.sessions(user.id));
      expect(await read(token)).toEqual([401, 'token_expired']);
      const refreshed = await app.http.post('/api/auth/refresh', { json: { refreshToken } });
      expect([refreshed.status, refreshed.body.code]).toEqual([401, 'token_expired']);
    } finally {
      app.clock.advance(-hours * HOUR_MS);
    }
  });

  it.each([
    ['signed out', 'POST', () => '/api/auth/logout'],
    ['ended by its id', 'DELETE', (id: string) => `/api/auth/sessions/${id}`],
    ['signed out everywhere', 'POST', () => '/api/auth/logout-all'],
  ])(
    'V7.4.1: is refused at once when it was %s, before the outbox is read',
    async (_how, method, path) => {
      const applier = app.nest.get(OutboxApplier);
      applier.onChange(SESSION_REVOKED, () => Promise.resolve('known'));
      applier.onChange(ALL_SESSIONS_REVOKED, () => Promise.resolve('known'));
      try {
        const { session, accessToken: token } = await app.register();
        const ended = await app.http.call(method, path(session.id), { token });
        expect([200, 204]).toContain(ended.status);
        const { status, body } = await app.http.get('/api/auth/profile', { token });
        expect([status, body.code]).toEqual([401, 'token_revoked']);
      } finally {
        app.nest.get(SessionChangesApplier).onModuleInit();
      }
    },
  );

  it('V7.4.1: is not restored by a read of the record from before its end', async () => {
    const { user, session, accessToken: token } = await app.register();
    expect((await app.http.post('/api/auth/logout', { token })).status).toBe(204);
    // As a replica that lags behind, or a query that began before, would answer.
    await app.database.sql.query(
      'UPDATE sessions SET revoked_at = NULL, revoked_reason = NULL WHERE id = $1',
      [session.id],
    );
    await app.redis.client.del(keys.sessions(user.id));
    const { status, body } = await app.http.get('/api/auth/profile', { token });
    expect([status, body.code]).toEqual([401, 'token_revoked']);
  });

  it('V7.4.1: that has ended in the record is refused where Redis has lost its end', async () => {
    const { user, session, accessToken: token } = await app.register();
    await app.http.post('/api/auth/logout', { token });
    await app.redis.client.del(keys.sessions(user.id), keys.tombstone(user.id, session.id));
    const { status, body } = await app.http.get('/api/auth/profile', { token });
    expect([status, body.code]).toEqual([401, 'token_revoked']);
  });

  it('V7.5.1: changes no credential except the password, and that with the current password', async () => {
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
    const changePassword = async (more: object) =>
      (await app.http.put('/api/auth/profile/password', { token, json: { ...json, ...more } }))
        .status;
    expect(await changePassword({})).toBe(400);
    expect(await changePassword({ currentPassword: 'a wrong password' })).toBe(401);
    await app.login(user.email);
  });

  it('V7.5.2: of another device is ended after the user has authenticated again', async () => {
    const first = await app.register();
    const { accessToken: token } = await app.login(first.user.email);
    const end = async (path: string) => {
      const { status, body } = await app.http.delete(path, { token });
      return [status, (body as { code?: string } | undefined)?.code];
    };
    app.clock.advance(11 * MINUTE_MS);
    try {
      for (const path of [`/api/auth/sessions/${first.session.id}`, '/api/auth/sessions']) {
        expect(await end(path)).toEqual([401, 'reauthentication_required']);
      }
      const json = { password: PASSWORD };
      await app.http.post('/api/auth/reauthenticate', { token, json });
      expect(await end(`/api/auth/sessions/${first.session.id}`)).toEqual([204, undefined]);
      expect(await end('/api/auth/sessions')).toEqual([200, undefined]);
    } finally {
      app.clock.advance(-11 * MINUTE_MS);
    }
  });

  it.each([
    ['application/x-www-form-urlencoded', 'email=a%40b.co&password=x'],
    ['text/plain', '{"email":"a@b.co","password":"x"}'],
    ['multipart/form-data; boundary=x', '--x--'],
  ])('V7.6.2: is not opened by a request that another page can send, %s', async (type, raw) => {
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
