import {
  cookiesOf,
  LISTED,
  send,
  signUp,
  SITE,
  startCookieApp,
  valueOf,
  type CookieUser,
  type SentRequest,
} from '../abuse/cookies/cookie-app';
import { newEmail, PASSWORD, startTestApp, type TestApp } from '../support/app';

const JWT = /^eyJ[\w-]+\.[\w-]+\.[\w-]+$/;
const HOUR_MS = 3_600_000;
const FROM_SITE = { origin: SITE };

describe('cookies', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startCookieApp({ env: { JWT_EXPIRES_IN: '1h' } });
  });

  afterAll(() => app.close());

  const post = (path: string, more: Omit<SentRequest, 'path'> = {}) =>
    send(app, { method: 'POST', path, headers: FROM_SITE, ...more });

  const profileOf = (cookie: string) =>
    send(app, { path: '/api/auth/profile', headers: { cookie } });

  /** A request of a page with the cookies that a browser sends to the path. */
  const as = (user: Pick<CookieUser, 'access'>, headers: Record<string, string> = {}) => ({
    headers: { ...FROM_SITE, cookie: user.access, ...headers },
  });

  const refreshWith = (cookie: string, more: Omit<SentRequest, 'path'> = {}) =>
    post('/api/auth/refresh', { headers: { ...FROM_SITE, cookie }, ...more });

  describe.each(['/api/auth/register', '/api/auth/login'])('of %s', (path) => {
    async function signIn(more: Record<string, unknown>, headers = FROM_SITE) {
      const { user } = await app.register();
      const email = path.endsWith('login') ? user.email : newEmail();
      return post(path, { json: { email, password: PASSWORD, ...more }, headers });
    }

    it('have the tokens, and the body has none', async () => {
      const { body, setCookies, headers } = await signIn({ cookies: true });
      expect(Object.keys(body).sort()).toEqual([
        'expiresIn',
        'refreshExpiresIn',
        'session',
        'user',
      ]);
      expect(headers['cache-control']).toBe('no-store');
      const [access = '', refresh = ''] = setCookies;
      expect(setCookies).toHaveLength(2);
      expect(access).toMatch(
        /^__Host-latchkey=eyJ[\w.-]+; Path=\/; HttpOnly; SameSite=Lax; Secure$/,
      );
      expect(refresh).toMatch(
        /^__Secure-latchkey-refresh=[\w.-]+; Path=\/api\/auth\/refresh; HttpOnly; SameSite=Strict; Secure$/,
      );
    });

    it('outlive the browser if the user wants to be remembered', async () => {
      const { body, setCookies } = await signIn({ cookies: true, remember: true });
      const month = 30 * 86_400;
      expect(body.refreshExpiresIn).toBe(month);
      expect(setCookies.map((line) => /; Max-Age=(\d+)$/.exec(line)?.[1])).toEqual([
        String(month),
        String(month),
      ]);
    });

    it.each([{}, { cookies: false }])('are not set for %j', async (more) => {
      const { body, setCookies } = await signIn(more);
      expect([body.accessToken, body.tokenType]).toEqual([expect.stringMatching(JWT), 'Bearer']);
      expect(setCookies).toEqual([]);
    });

    it.each([null, 'true', 1])('are not chosen by %j', async (cookies) => {
      const { status, body } = await signIn({ cookies });
      expect([status, body.code]).toEqual([400, 'validation_failed']);
    });
  });

  it('admit a request without Authorization, and name the same session', async () => {
    const user = await signUp(app);
    const { status, body } = await profileOf(user.access);
    expect([status, body.id]).toEqual([200, user.userId]);
    const verified = await send(app, {
      path: '/api/auth/verify',
      headers: { cookie: user.access },
    });
    expect([verified.status, verified.headers['x-session-id']]).toEqual([200, user.sessionId]);
    expect((await profileOf('theme=dark; other=1')).body.code).toBe('token_missing');
  });

  it('V3.3.5: are small enough for every browser', async () => {
    const { access, refresh } = await signUp(app);
    expect(Math.max(access.length, refresh.length)).toBeLessThan(1024);
  });

  it('are used beside others', async () => {
    const { access } = await signUp(app);
    expect((await profileOf(`a=1; ${access};b=2`)).status).toBe(200);
    const headers = { cookie: ['a=1', access] };
    expect((await send(app, { path: '/api/auth/profile', headers })).status).toBe(200);
  });

  describe('at a refresh', () => {
    it.each<[string, Omit<SentRequest, 'path'>]>([
      ['without a body', {}],
      ['with an empty object', { json: {} }],
    ])('%s bring the token and get the next', async (_, sent) => {
      const user = await signUp(app);
      app.clock.advance(HOUR_MS + 1_000);
      expect((await profileOf(user.access)).body.code).toBe('token_expired');
      const answer = await refreshWith(user.both, sent);
      expect([answer.status, answer.body.accessToken, answer.body.refreshToken]).toEqual([
        200,
        undefined,
        undefined,
      ]);
      const next = cookiesOf(answer);
      expect(next.access).not.toBe(user.access);
      expect(next.refresh).not.toBe(user.refresh);
      expect(answer.setCookies.join()).not.toContain('Max-Age');
      expect((await profileOf(next.access)).status).toBe(200);
    });

    it('of tokens whose key is no longer used are exchanged', async () => {
      const user = await signUp(app);
      const other = await startCookieApp({
        beside: app,
        env: { JWT_SECRET: 'another secret, of which no instance knows the one before' },
      });
      try {
        const headers = { ...FROM_SITE, cookie: user.both };
        const answer = await send(other, { method: 'POST', path: '/api/auth/refresh', headers });
        expect(answer.status).toBe(200);
        const { access } = cookiesOf(answer);
        const profile = await send(other, {
          path: '/api/auth/profile',
          headers: { cookie: access },
        });
        expect(profile.status).toBe(200);
      } finally {
        await other.close();
      }
    });

    it('of a remembered session keep their life', async () => {
      const user = await signUp(app, { remember: true });
      const { setCookies, body } = await refreshWith(user.both);
      expect(
        setCookies.every((line) => line.endsWith(`; Max-Age=${String(body.refreshExpiresIn)}`)),
      ).toBe(true);
    });

    it('are ignored for a token in the body, which is answered in the body', async () => {
      const user = await signUp(app);
      const { refreshToken, session } = await app.register();
      const answer = await refreshWith(user.both, { json: { refreshToken } });
      expect([answer.status, answer.setCookies]).toEqual([200, []]);
      expect(answer.body).toMatchObject({
        accessToken: expect.stringMatching(JWT) as string,
        session: { id: session.id },
      });
      expect((await refreshWith(user.both)).status).toBe(200);
    });

    it.each<[string, (user: CookieUser) => string]>([
      ['no cookie', () => 'a=1'],
      ['the access cookie alone', ({ access }) => access],
      ['the refresh cookie alone', ({ refresh }) => refresh],
    ])('with %s are missing', async (_, cookieOf) => {
      const { status, body, headers } = await refreshWith(cookieOf(await signUp(app)));
      expect([status, body.code]).toEqual([401, 'token_missing']);
      expect(headers['www-authenticate']).toBe('Bearer realm="latchkey"');
    });
  });

  describe('are removed by', () => {
    const json = { currentPassword: PASSWORD };
    it.each<[string, string, string, unknown]>([
      ['a logout', 'POST', '/api/auth/logout', undefined],
      ['a logout everywhere', 'POST', '/api/auth/logout-all', undefined],
      [
        'a change of the password',
        'PUT',
        '/api/auth/profile/password',
        { ...json, newPassword: 'a brighter horse battery staple' },
      ],
      ['a deletion of the account', 'DELETE', '/api/auth/profile', json],
      ['the end of this session in the list', 'DELETE', '/api/auth/sessions/{id}', undefined],
    ])('%s', async (_, method, path, body) => {
      const user = await signUp(app);
      const target = path.replace('{id}', user.sessionId.toUpperCase());
      const answer = await send(app, { method, path: target, json: body, ...as(user) });
      expect(answer.status).toBeLessThan(300);
      expect(answer.setCookies).toEqual([
        '__Host-latchkey=; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=0',
        '__Secure-latchkey-refresh=; Path=/api/auth/refresh; HttpOnly; SameSite=Strict; Secure; Max-Age=0',
      ]);
      expect((await profileOf(user.access)).body.code).toBe('token_revoked');
      expect((await refreshWith(user.both)).status).toBe(401);
    });

    it('no refused call, no end of another session, and no call with Authorization', async () => {
      const user = await signUp(app);
      const other = await app.login(user.email);
      const wrong = { currentPassword: 'not the password', newPassword: PASSWORD };
      const answers = [
        await send(app, {
          method: 'PUT',
          path: '/api/auth/profile/password',
          json: wrong,
          ...as(user),
        }),
        await send(app, {
          method: 'DELETE',
          path: `/api/auth/sessions/${other.session.id}`,
          ...as(user),
        }),
        await post('/api/auth/logout', {
          headers: {
            cookie: user.access,
            authorization: `Bearer ${(await app.login(user.email)).accessToken}`,
          },
        }),
      ];
      expect(answers.map(({ status, setCookies }) => [status, setCookies])).toEqual([
        [401, []],
        [204, []],
        [204, []],
      ]);
      expect((await profileOf(user.access)).status).toBe(200);
    });
  });

  it('may be sent by pages of listed origins, and their answers read', async () => {
    for (const [origin, allowed] of [
      [LISTED, 'true'],
      ['https://evil.example', undefined],
    ] as const) {
      const preflight = await send(app, {
        method: 'OPTIONS',
        path: '/api/auth/profile',
        headers: { origin, 'access-control-request-method': 'PUT' },
      });
      const read = await send(app, { path: '/health/live', headers: { origin } });
      expect(
        [preflight, read].map(({ headers }) => headers['access-control-allow-credentials']),
      ).toEqual([allowed, allowed]);
    }
  });

  it('have the path of PUBLIC_URL, and no prefix on http://localhost outside production', async () => {
    const local = await startCookieApp({
      beside: app,
      env: { PUBLIC_URL: 'https://example.com/accounts/' },
    });
    try {
      for (const host of ['localhost:3000', '127.0.0.1', '[::1]:8080']) {
        const headers = { host, origin: `http://${host}` };
        const user = await signUp(local, {}, headers);
        expect([user.access, user.refresh]).toEqual([
          expect.stringMatching(/^latchkey=eyJ/),
          expect.stringMatching(/^latchkey-refresh=/),
        ]);
        const json = { email: user.email, password: PASSWORD, cookies: true };
        const { setCookies } = await send(local, {
          method: 'POST',
          path: '/api/auth/login',
          json,
          headers,
        });
        expect(setCookies.map((line) => line.replace(/=[^;]+/, ''))).toEqual([
          'latchkey; Path=/; HttpOnly; SameSite=Lax',
          'latchkey-refresh; Path=/accounts/api/auth/refresh; HttpOnly; SameSite=Strict',
        ]);
        const path = '/api/auth/profile';
        const own = await send(local, { path, headers: { host, cookie: user.access } });
        const elsewhere = await send(local, { path, headers: { cookie: user.access } });
        expect([own.status, elsewhere.status]).toEqual([200, 401]);
      }
      const { access } = await signUp(
        local,
        {},
        { host: 'localhost.example.com', origin: 'https://example.com' },
      );
      expect(access).toMatch(/^__Host-latchkey=/);
    } finally {
      await local.close();
    }
  });

  it('need HTTPS at http://localhost too, in production', async () => {
    const production = await startCookieApp({ beside: app, env: { NODE_ENV: 'production' } });
    try {
      const host = 'localhost:3000';
      const { both } = await signUp(production, {}, { host, origin: `http://${host}` });
      expect(both).toMatch(/^__Host-latchkey=\S+; __Secure-latchkey-refresh=/);
    } finally {
      await production.close();
    }
  });

  it('V7.2.4: of an earlier session end it when a sign-in replaces them', async () => {
    const user = await signUp(app);
    const elsewhere = await app.login(user.email);
    const json = { email: user.email, password: 'not the password', cookies: true };
    const signIn = (cookie: string, password: string) =>
      post('/api/auth/login', { json: { ...json, password }, headers: { ...FROM_SITE, cookie } });
    expect((await signIn(user.access, 'not the password')).status).toBe(401);
    expect((await profileOf(user.access)).status).toBe(200);

    const next = cookiesOf(await signIn(user.access, PASSWORD));
    expect((await profileOf(user.access)).body.code).toBe('token_revoked');
    expect((await profileOf(next.access)).status).toBe(200);
    // An expired or a second cookie does not stop a sign-in.
    app.clock.advance(HOUR_MS + 1_000);
    const last = cookiesOf(await signIn(next.access, PASSWORD));
    expect((await refreshWith(next.both)).body.code).toBe('token_revoked');
    expect((await signIn(`${last.access}; ${user.access}`, PASSWORD)).status).toBe(200);
    expect((await profileOf(last.access)).status).toBe(200);
    const { refreshToken } = elsewhere;
    expect((await refreshWith('', { json: { refreshToken } })).status).toBe(200);
  });

  it('V7.2.4: of an earlier session end it before the new one counts, so that no other device is signed out', async () => {
    const limited = await startCookieApp({ beside: app, env: { MAX_SESSIONS_PER_USER: '2' } });
    try {
      const elsewhere = await limited.register();
      const { email } = elsewhere.user;
      const signIn = async (cookie: string) =>
        cookiesOf(
          await send(limited, {
            method: 'POST',
            path: '/api/auth/login',
            json: { email, password: PASSWORD, cookies: true },
            headers: { ...FROM_SITE, cookie },
          }),
        );
      const first = await signIn('');
      const second = await signIn(first.access);
      expect((await profileOf(first.access)).body.code).toBe('token_revoked');
      expect((await profileOf(second.access)).status).toBe(200);
      const { accessToken: token } = elsewhere;
      expect((await limited.http.get('/api/auth/profile', { token })).status).toBe(200);
    } finally {
      await limited.close();
    }
  });

  it('never reach the log', async () => {
    const user = await signUp(app, { remember: true });
    const next = cookiesOf(await refreshWith(user.both));
    await refreshWith(`${next.both}; ${next.refresh}`);
    await post('/api/auth/logout', { headers: { origin: 'null', cookie: next.access } });
    await post('/api/auth/logout', as(next));
    const log = app.log.join('');
    for (const cookie of [user.access, user.refresh, next.access, next.refresh]) {
      expect(log).not.toContain(valueOf(cookie));
    }
    expect(log).toContain('"code":"cross_site_request"');
  });
});

describe('without the setting COOKIES', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startTestApp({ env: { CORS_ORIGINS: LISTED } });
  });

  afterAll(() => app.close());

  it.each(['/api/auth/register', '/api/auth/login'])(
    'a sign-in with cookies is refused by %s with the reason',
    async (path) => {
      const json = { email: newEmail(), password: PASSWORD, cookies: true };
      const { status, body } = await send(app, { method: 'POST', path, json });
      expect([status, body.code, body.errors]).toEqual([
        400,
        'validation_failed',
        [
          {
            field: 'cookies',
            messages: ['cookies must be false: this server has the setting COOKIES=off'],
          },
        ],
      ]);
    },
  );

  it('no cookie is read, and no credentials are allowed to other origins', async () => {
    const { accessToken, refreshToken } = await app.register();
    const cookie = ['__Host-latchkey', 'latchkey']
      .map((name) => `${name}=${accessToken}`)
      .join('; ');
    const profile = await send(app, { path: '/api/auth/profile', headers: { cookie } });
    expect(profile.body.code).toBe('token_missing');
    const refresh = await send(app, {
      method: 'POST',
      path: '/api/auth/refresh',
      headers: { cookie: `${cookie}; latchkey-refresh=${refreshToken}`, origin: LISTED },
    });
    expect([refresh.status, refresh.body.errors]).toEqual([
      400,
      [{ field: 'refreshToken', messages: ['refreshToken must be a string'] }],
    ]);
    expect(refresh.headers['access-control-allow-credentials']).toBeUndefined();
  });
});
