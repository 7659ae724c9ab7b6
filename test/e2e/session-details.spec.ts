import { randomUUID } from 'node:crypto';
import { Controller, Get } from '@nestjs/common';
import { decodeJwt } from 'jose';
import type { AuthResultDto } from '../../apps/api/auth/auth.dto';
import { TokenService } from '../../libs/auth/token.service';
import { RequiresRecentAuth } from '../../libs/http';
import { SessionCleanUp } from '../../libs/session';
import { PASSWORD, startTestApp, type TestApp } from '../support/app';
import { TcpProxy } from '../support/tcp-proxy';
import { until } from '../support/until';
import { keys } from '../support/keys';

const CREDENTIALS = 'billing:a long random secret';
const env = { INTROSPECTION_CLIENTS: CREDENTIALS, VERIFY_ATTRIBUTES: 'plan,orgId' };
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const SESSIONS = '/api/auth/sessions';

@Controller('vault')
class VaultController {
  @RequiresRecentAuth()
  @Get()
  open() {
    return { reached: true };
  }

  @RequiresRecentAuth({ maxAgeSeconds: 60 })
  @Get('inner')
  openInner() {
    return { reached: true };
  }
}

let app: TestApp;
/** Another instance, behind a wire to Redis, with a near cache. */
let other: TestApp;
let redisWire: TcpProxy;
let movedMs = 0;

beforeAll(async () => {
  app = await startTestApp({ env, more: { controllers: [VaultController] } });
  redisWire = await TcpProxy.start(Number(new URL(app.redis.url).port));
  other = await startTestApp({
    beside: app,
    env: { ...env, NEAR_CACHE: 'on' },
    redisPort: redisWire.port,
    more: { controllers: [VaultController] },
  });
});

afterEach(() => {
  redisWire.restore();
  advance(-movedMs);
});

afterAll(async () => {
  await other.close();
  redisWire.stop();
  await app.close();
});

function advance(ms: number): void {
  movedMs += ms;
  [app, other].forEach(({ clock }) => clock.advance(ms));
}

const basic = { authorization: `Basic ${Buffer.from(CREDENTIALS).toString('base64')}` };

function introspect(token: string, at = app) {
  return at.http.post('/api/auth/introspect', {
    raw: new URLSearchParams({ token }).toString(),
    headers: { ...basic, 'content-type': 'application/x-www-form-urlencoded' },
  });
}

const verify = (token: string, at = app) => at.http.get('/api/auth/verify', { token });

async function statusAndCode(answer: ReturnType<TestApp['http']['get']>) {
  const { status, body } = await answer;
  return [status, (body as { code?: string } | undefined)?.code];
}

function reauthenticate(token: string, password = PASSWORD) {
  return app.http.post<{ authenticatedAt: string }>('/api/auth/reauthenticate', {
    token,
    json: { password },
  });
}

const REQUIRED = [401, 'reauthentication_required'];

describe('a remembered session', () => {
  async function signIn(email: string, remember: boolean) {
    const json = { email, password: PASSWORD, remember };
    return (await app.http.post<AuthResultDto>('/api/auth/login', { json })).body;
  }

  async function refresh(refreshToken: string) {
    const json = { refreshToken };
    return app.http.post<AuthResultDto>('/api/auth/refresh', { json });
  }

  it('lives for the longer time, without its access token', async () => {
    const { user } = await app.register();
    const [usual, remembered] = [await signIn(user.email, false), await signIn(user.email, true)];
    expect(
      [usual, remembered].map((result) => [result.expiresIn, result.refreshExpiresIn]),
    ).toEqual([
      [86_400, 86_400],
      [86_400, 30 * 86_400],
    ]);
    advance(29 * DAY_MS);
    expect((await refresh(usual.refreshToken)).status).toBe(401);
    expect((await refresh(remembered.refreshToken)).status).toBe(200);
  });

  it('can be chosen at the registration', async () => {
    const json = { email: `remembered-${Date.now()}@example.com`, password: PASSWORD };
    const result = await app.http.post<AuthResultDto>('/api/auth/register', {
      json: { ...json, remember: true },
    });
    expect(result.body.refreshExpiresIn).toBe(30 * 86_400);
    for (const remember of ['true', 1, null]) {
      const call = { json: { ...json, remember } };
      expect((await app.http.post('/api/auth/login', call)).status).toBe(400);
    }
  });

  it('keeps its lifetime through refreshes, up to the absolute one, and without Redis', async () => {
    const { user } = await app.register();
    let { refreshToken, session } = await signIn(user.email, true);
    const openedMs = Date.parse(session.createdAt);
    for (const days of [29, 29, 29]) {
      advance(days * DAY_MS);
      const { status, body } = await refresh(refreshToken);
      expect(status).toBe(200);
      ({ refreshToken, session } = body);
      await app.redis.client.del(keys.sessions(user.id));
      expect((await verify(body.accessToken)).status).toBe(200);
    }
    expect(Date.parse(session.expiresAt)).toBe(openedMs + 90 * DAY_MS);
    advance(3 * DAY_MS);
    expect(await statusAndCode(refresh(refreshToken))).toEqual([401, 'token_expired']);
  });

  it('detects the theft of a used refresh token for as long as it lives without a refresh', async () => {
    const { user } = await app.register();
    const cleanUp = app.nest.get(SessionCleanUp);
    const [usual, remembered] = [await signIn(user.email, false), await signIn(user.email, true)];
    const next = (await refresh(remembered.refreshToken)).body;
    await refresh(usual.refreshToken);
    advance(29 * DAY_MS);
    await cleanUp.deleteRecords();
    expect(await statusAndCode(refresh(usual.refreshToken))).toEqual([401, 'token_invalid']);
    expect(await statusAndCode(refresh(remembered.refreshToken))).toEqual([401, 'token_revoked']);
    expect(await statusAndCode(refresh(next.refreshToken))).toEqual([401, 'token_revoked']);
  });

  it('is refused once it is revoked, also long after the usual lifetime', async () => {
    const { user } = await app.register();
    const remembered = await signIn(user.email, true);
    advance(20 * DAY_MS);
    const { accessToken: token } = (await refresh(remembered.refreshToken)).body;
    expect((await app.http.post('/api/auth/logout', { token })).status).toBe(204);
    expect(await statusAndCode(verify(token))).toEqual([401, 'token_revoked']);
    await app.redis.client.del(keys.tombstone(user.id, remembered.session.id));
    expect(await statusAndCode(verify(token))).toEqual([401, 'token_revoked']);
  });
});

describe('a recent proof of identity', () => {
  it('is the sign-in, for ten minutes', async () => {
    const { accessToken: token } = await app.register();
    expect((await app.http.get('/api/vault', { token })).status).toBe(200);
    advance(9 * MINUTE_MS);
    expect((await app.http.get('/api/vault', { token })).status).toBe(200);
    expect(await statusAndCode(app.http.get('/api/vault/inner', { token }))).toEqual(REQUIRED);
    advance(MINUTE_MS);
    const refused = await app.http.get('/api/vault', { token });
    expect([refused.status, refused.body.code]).toEqual(REQUIRED);
    // RFC 9470 section 3.
    expect(refused.headers.get('www-authenticate')).toBe(
      'Bearer realm="latchkey", error="insufficient_user_authentication", ' +
        'error_description="Prove your identity again, then repeat the request.", max_age="600"',
    );
  });

  it('is the password given again, at every instance, and told by all of them', async () => {
    const { accessToken: token, refreshToken } = await app.register();
    advance(11 * MINUTE_MS);
    // The near cache of the other instance holds the session from before the proof.
    await Promise.all([verify(token, other), verify(token, other)]);
    expect(await statusAndCode(other.http.get('/api/vault', { token }))).toEqual(REQUIRED);
    const { status, body } = await reauthenticate(token);
    expect(status).toBe(200);
    const authTime = Math.floor(Date.parse(body.authenticatedAt) / 1000);
    expect(Math.abs(authTime * 1000 - app.clock.nowMs())).toBeLessThan(10_000);
    for (const at of [app, other]) {
      expect((await at.http.get('/api/vault', { token })).status).toBe(200);
    }
    expect(decodeJwt(token).auth_time).toBeLessThan(authTime);
    expect((await introspect(token)).body).toMatchObject({ auth_time: authTime, amr: ['pwd'] });
    const { headers } = await verify(token);
    expect([headers.get('x-auth-time'), headers.get('x-amr')]).toEqual([String(authTime), 'pwd']);
    const refreshed = await app.http.post<AuthResultDto>('/api/auth/refresh', {
      json: { refreshToken },
    });
    expect(decodeJwt(refreshed.body.accessToken)).toMatchObject({
      auth_time: authTime,
      amr: ['pwd'],
    });
  });

  it('is not a refresh', async () => {
    const { refreshToken, accessToken } = await app.register();
    advance(11 * MINUTE_MS);
    const { body } = await app.http.post<AuthResultDto>('/api/auth/refresh', {
      json: { refreshToken },
    });
    const { auth_time } = decodeJwt(accessToken);
    expect(decodeJwt(body.accessToken)).toMatchObject({ auth_time });
    const call = { token: body.accessToken };
    expect(await statusAndCode(app.http.get('/api/vault', call))).toEqual(REQUIRED);
  });

  it('is told by the token of a sign-in, by introspection and to gateways', async () => {
    const { accessToken: token, session } = await app.register();
    const authTime = Math.floor(Date.parse(session.createdAt) / 1000);
    expect(decodeJwt(token)).toMatchObject({ auth_time: authTime, amr: ['pwd'] });
    expect((await introspect(token)).body).toMatchObject({ auth_time: authTime, amr: ['pwd'] });
    const { headers } = await verify(token);
    expect([headers.get('x-auth-time'), headers.get('x-amr')]).toEqual([String(authTime), 'pwd']);
  });

  it('is found in the record for a token that does not name it, of an earlier release', async () => {
    const { user, session } = await app.register();
    const opened = { id: session.id, userId: user.id, role: 'user', generation: 1 };
    const { token } = app.nest
      .get(TokenService)
      .issue({ ...opened, expiresAtMs: Date.parse(session.expiresAt) }, randomUUID(), Date.now());
    expect(decodeJwt(token)).not.toHaveProperty('auth_time');
    const { status, headers } = await verify(token);
    expect([status, headers.get('x-auth-time'), headers.get('x-amr')]).toEqual([200, '0', '']);
    expect((await introspect(token)).body).not.toHaveProperty('auth_time');
    expect((await app.http.get('/api/vault', { token })).status).toBe(200);
    advance(11 * MINUTE_MS);
    expect(await statusAndCode(app.http.get('/api/vault', { token }))).toEqual(REQUIRED);
  });

  it('counts for one session alone, and survives the loss of Redis', async () => {
    const first = await app.register();
    const second = await app.login(first.user.email);
    advance(11 * MINUTE_MS);
    await reauthenticate(first.accessToken);
    const vault = (token: string) => statusAndCode(app.http.get('/api/vault', { token }));
    expect(await vault(second.accessToken)).toEqual(REQUIRED);
    await app.redis.client.del(keys.sessions(first.user.id));
    expect(await vault(first.accessToken)).toEqual([200, undefined]);
    const before = (await verify(first.accessToken)).headers.get('x-auth-time');
    await app.redis.client.del(keys.sessions(first.user.id));
    expect((await verify(first.accessToken)).headers.get('x-auth-time')).toBe(before);
  });

  it('is not given by a wrong password, nor in a session that has ended', async () => {
    const { accessToken: token } = await app.register();
    advance(11 * MINUTE_MS);
    expect(await statusAndCode(reauthenticate(token, 'wrong'))).toEqual([
      401,
      'invalid_credentials',
    ]);
    expect(await statusAndCode(app.http.get('/api/vault', { token }))).toEqual(REQUIRED);
    await app.http.post('/api/auth/logout', { token });
    expect(await statusAndCode(reauthenticate(token))).toEqual([401, 'token_revoked']);
    expect(await statusAndCode(reauthenticate(''))).toEqual([401, 'token_missing']);
  });

  it('with the old password, during its change, is none', async () => {
    for (let round = 0; round < 3; round++) {
      const { accessToken: token } = await app.register();
      const json = { currentPassword: PASSWORD, newPassword: 'another long password' };
      const [change, proof] = await Promise.all([
        app.http.put('/api/auth/profile/password', { token, json }),
        reauthenticate(token),
      ]);
      expect(change.status).toBe(204);
      expect([200, 401]).toContain(proof.status);
      expect(await statusAndCode(verify(token))).toEqual([401, 'token_revoked']);
    }
  });

  it('is needed to end other sessions, and not to end this one', async () => {
    const { user, accessToken: token, session } = await app.register();
    const second = await app.login(user.email);
    advance(11 * MINUTE_MS);
    const end = (path: string) => statusAndCode(app.http.delete(path, { token }));
    expect(await end(SESSIONS)).toEqual(REQUIRED);
    expect(await end(`${SESSIONS}/${second.session.id}`)).toEqual(REQUIRED);
    expect((await verify(second.accessToken)).status).toBe(200);
    await reauthenticate(token);
    expect(await end(`${SESSIONS}/${second.session.id}`)).toEqual([204, undefined]);
    expect(await end(SESSIONS)).toEqual([200, undefined]);
    advance(11 * MINUTE_MS);
    expect(await end(`${SESSIONS}/${session.id}`)).toEqual([204, undefined]);
  });

  it('is not needed for a logout everywhere', async () => {
    const { accessToken: token } = await app.register();
    advance(11 * MINUTE_MS);
    expect((await app.http.post('/api/auth/logout-all', { token })).status).toBe(200);
  });
});

describe('attributes of a session', () => {
  const ATTRIBUTES = { plan: 'pro', seats: 5, beta: true, orgId: 'zoë, 100 %\r\nX-Injected: 1' };

  function set(id: string, attributes: unknown, headers: Record<string, string> = basic) {
    return app.http.put(`${SESSIONS}/${id}/attributes`, { json: { attributes }, headers });
  }

  async function attributesAt(at: TestApp, token: string) {
    return (await introspect(token, at)).body.attributes;
  }

  it('are told to services, and the listed ones to gateways, with their types', async () => {
    const { accessToken: token, session } = await app.register();
    expect((await introspect(token)).body).not.toHaveProperty('attributes');
    const before = await verify(token);
    expect(before.headers.get('x-session-plan')).toBe('');
    expect((await set(session.id, ATTRIBUTES)).status).toBe(204);
    expect(await attributesAt(app, token)).toEqual(ATTRIBUTES);
    const { headers } = await verify(token);
    expect(headers.get('x-session-plan')).toBe('pro');
    expect(decodeURIComponent(headers.get('x-session-org-id')!)).toBe(ATTRIBUTES.orgId);
    expect(headers.get('x-injected')).toBeNull();
    expect(headers.get('x-session-seats')).toBeNull();
    expect(headers.get('x-session-id')).toBe(session.id);
  });

  it('are replaced as a whole, and go through refreshes and the loss of Redis', async () => {
    const { accessToken: token, session, user, refreshToken } = await app.register();
    await set(session.id, ATTRIBUTES);
    await set(session.id, { plan: 'free' });
    const refreshed = await app.http.post<AuthResultDto>('/api/auth/refresh', {
      json: { refreshToken },
    });
    for (const one of [token, refreshed.body.accessToken]) {
      expect(await attributesAt(app, one)).toEqual({ plan: 'free' });
      await app.redis.client.del(keys.sessions(user.id));
      expect(await attributesAt(app, one)).toEqual({ plan: 'free' });
    }
    await app.http.delete(SESSIONS, { token });
    expect(await attributesAt(app, token)).toEqual({ plan: 'free' });
    await set(session.id, {});
    expect(await attributesAt(app, token)).toEqual({});
  });

  it('are the new ones at every instance, after a second at most', async () => {
    const { accessToken: token, session } = await app.register();
    await Promise.all([verify(token, other), verify(token, other)]);
    await set(session.id, { plan: 'pro' });
    expect(await attributesAt(app, token)).toEqual({ plan: 'pro' });
    await until('the near cache lets go', () => attributesAt(other, token), { plan: 'pro' });
  });

  it('are the new ones also when Redis could not be written', async () => {
    const { accessToken: token, session } = await app.register();
    expect(await attributesAt(app, token)).toBeUndefined();
    // The instance that changes them reaches Postgres alone.
    redisWire.cut();
    const headers = { ...basic };
    const path = `${SESSIONS}/${session.id}/attributes`;
    const json = { attributes: { plan: 'pro' } };
    expect((await other.http.put(path, { json, headers })).status).toBe(204);
    expect(await attributesAt(app, token)).toEqual({ plan: 'pro' });
  });

  it.each<[string, unknown]>([
    ['no object', [1]],
    ['a nested object', { a: { b: 1 } }],
    ['a list', { a: [1] }],
    ['null', { a: null }],
    ['half a character', { a: '\ud800' }],
    ['U+0000', { a: '\0' }],
    ['a name that is no name', { 'a b': 1 }],
    ['a name of a header field of its own', { 'x\r\ny': 1 }],
    ['an empty name', { '': 1 }],
    ['more than 1 KiB', { a: 'x'.repeat(1024) }],
    ['more than 1 KiB in UTF-8', { a: 'ë'.repeat(512) }],
  ])('are refused with %s', async (_what, attributes) => {
    const { session, accessToken: token } = await app.register();
    const { status, body } = await set(session.id, attributes);
    expect([status, body.code]).toEqual([400, 'validation_failed']);
    expect(await attributesAt(app, token)).toBeUndefined();
  });

  it('take exactly 1 KiB', async () => {
    const { session, accessToken: token } = await app.register();
    const attributes = { a: 'x'.repeat(1024 - '{"a":""}'.length) };
    expect((await set(session.id, attributes)).status).toBe(204);
    expect(await attributesAt(app, token)).toEqual(attributes);
  });

  it('are set by services alone, and for living sessions alone', async () => {
    const { session, accessToken } = await app.register();
    const code = async (answer: ReturnType<typeof set>) => statusAndCode(answer);
    expect(await code(set(session.id, {}, {}))).toEqual([401, 'invalid_credentials']);
    const asUser = { authorization: `Bearer ${accessToken}` };
    expect(await code(set(session.id, {}, asUser))).toEqual([401, 'invalid_credentials']);
    const unknown = '00000000-0000-4000-8000-000000000001';
    expect(await code(set(unknown, {}))).toEqual([404, 'not_found']);
    expect(await code(set('x', {}))).toEqual([404, 'not_found']);
    await app.http.post('/api/auth/logout', { token: accessToken });
    expect(await code(set(session.id, {}))).toEqual([404, 'not_found']);
  });
});
