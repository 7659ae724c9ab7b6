import { storedState } from '../../support/stored-state';
import { newEmail, PASSWORD, type TestApp } from '../../support/app';
import { OpenApi, pathOf } from '../../support/open-api';
import {
  LISTED,
  send,
  signUp,
  startCookieApp,
  type CookieUser,
  type SentRequest,
} from './cookie-app';
import { CONTENT, OVERRIDES, SOURCES } from './requests';

describe('a request with the cookies of a user', () => {
  let app: TestApp;
  let user: CookieUser;

  beforeAll(async () => {
    app = await startCookieApp();
  });

  beforeEach(async () => {
    user = await signUp(app);
  });

  afterAll(() => app.close());

  describe.each(SOURCES)('from %s', (_, source, allowed) => {
    const asked = (sent: SentRequest) =>
      send(app, { ...sent, headers: { cookie: user.both, ...source, ...sent.headers } });
    const refusal = [403, 'cross_site_request'];

    it(`${allowed ? 'may change' : 'changes nothing of'} the profile`, async () => {
      const json = { bio: `from ${String(source.origin)}` };
      const { status, body } = await asked({ method: 'PUT', path: '/api/auth/profile', json });
      expect([status, body.code]).toEqual(allowed ? [200, undefined] : refusal);
    });

    it(`${allowed ? 'may' : 'does not'} upload a picture or end a session`, async () => {
      for (const [method, path] of [
        ['POST', '/api/auth/profile/avatar'],
        ['DELETE', '/api/auth/sessions/00000000-0000-4000-8000-000000000000'],
      ] as const) {
        const { status, body } = await asked({ method, path });
        expect([status === 403, body.code === refusal[1]]).toEqual([!allowed, !allowed]);
      }
    });

    it(`${allowed ? 'may' : 'does not'} refresh`, async () => {
      const { status, body, setCookies } = await asked({
        method: 'POST',
        path: '/api/auth/refresh',
        json: {},
      });
      expect([status, body.code]).toEqual(allowed ? [200, undefined] : refusal);
      expect(setCookies).toHaveLength(allowed ? 2 : 0);
    });

    it.each(['register', 'login'])(
      `${allowed ? 'may' : 'does not'} sign in by %s`,
      async (name) => {
        const email = name === 'login' ? user.email : newEmail();
        const json = { email, password: PASSWORD, cookies: true };
        const { status, body, setCookies } = await asked({
          method: 'POST',
          path: `/api/auth/${name}`,
          json,
        });
        expect([status < 300, body.code]).toEqual(
          allowed ? [true, undefined] : [false, refusal[1]],
        );
        expect(setCookies).toHaveLength(allowed ? 2 : 0);
      },
    );

    it('may read', async () => {
      // CORS decides whether a page sees the answer.
      const { status, headers } = await asked({ path: '/api/auth/profile' });
      expect(status).toBe(200);
      const reads = headers['access-control-allow-origin'];
      expect([undefined, LISTED]).toContain(reads);
    });

    it.each(['x-forwarded-method', 'x-original-method'])(
      'is judged by the method that a gateway names in %s',
      async (name) => {
        const verdicts: unknown[] = [];
        for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'get', 'OPTIONS']) {
          const { status } = await asked({
            path: '/api/auth/verify',
            headers: { [name]: method },
          });
          verdicts.push([method, status]);
        }
        const change = allowed ? 200 : 403;
        expect(verdicts).toEqual([
          ['GET', 200],
          ['HEAD', 200],
          ...['POST', 'PUT', 'PATCH', 'DELETE', 'get', 'OPTIONS'].map((one) => [one, change]),
        ]);
      },
    );

    it(`${allowed ? 'may' : 'does not'} open a WebSocket through a gateway`, async () => {
      const headers = {
        'x-original-method': 'GET',
        'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
      };
      const { status } = await asked({ path: '/api/auth/verify', headers });
      expect(status).toBe(allowed ? 200 : 403);
    });
  });

  const evil = { origin: 'https://evil.example' };

  it.each(OVERRIDES)('does not change its method by %s', async (_, { headers, ...sent }) => {
    const cookie = user.both;
    const { status } = await send(app, { ...sent, headers: { ...evil, cookie, ...headers } });
    expect([200, 403, 404, 405, 415]).toContain(status);
    const { access } = user;
    const alive = await send(app, { path: '/api/auth/profile', headers: { cookie: access } });
    expect([alive.status, alive.body.id]).toEqual([200, user.userId]);
  });

  it.each(CONTENT)('from another site changes nothing with %s', async (_, type, raw) => {
    for (const [method, path] of [
      ['POST', '/api/auth/logout'],
      ['POST', '/api/auth/logout-all'],
      ['POST', '/api/auth/refresh'],
      ['PUT', '/api/auth/profile'],
      ['POST', '/api/auth/profile/avatar'],
    ] as const) {
      const headers = {
        ...evil,
        cookie: user.both,
        ...(type !== undefined && { 'content-type': type }),
      };
      const { status, setCookies } = await send(app, { method, path, headers, raw });
      expect([path, [400, 403, 415].includes(status), setCookies]).toEqual([path, true, []]);
    }
    const { body, status } = await send(app, {
      path: '/api/auth/profile',
      headers: { cookie: user.access },
    });
    expect([status, body.bio]).not.toEqual([200, 'changed']);
    expect(status).toBe(200);
  });

  it('by GET or HEAD changes nothing, at any address', async () => {
    const api = await OpenApi.read(app.http);
    const ids = { id: user.userId, sessionId: user.sessionId, file: 'x.webp' };
    const before = await storedState(app);
    const reads = api.routes.filter(({ method }) => method === 'GET');
    expect(reads.length).toBeGreaterThan(10);
    for (const route of reads.filter(({ path }) => path !== '/api/auth/revocations')) {
      for (const method of ['GET', 'HEAD']) {
        const headers = { ...evil, cookie: user.both };
        const { status } = await send(app, { method, path: pathOf(route, ids), headers });
        expect([route.name, status < 500]).toEqual([route.name, true]);
      }
    }
    expect(await storedState(app)).toEqual(before);
  });

  it('that changes something is checked at every address', async () => {
    const api = await OpenApi.read(app.http);
    const ids = { id: user.sessionId, sessionId: user.sessionId };
    const changes = api.routes.filter(
      ({ method, operation }) =>
        method !== 'GET' && operation.security?.some((scheme) => 'bearer' in scheme),
    );
    expect(changes.length).toBeGreaterThan(12);
    const before = await storedState(app);
    for (const route of changes) {
      const headers = { ...evil, cookie: user.both };
      const sent = { method: route.method, path: pathOf(route, ids), headers };
      const { status, body } = await send(app, sent);
      expect([route.name, status, body.code]).toEqual([route.name, 403, 'cross_site_request']);
    }
    expect(await storedState(app)).toEqual(before);
  });
});

describe('behind proxies that TRUST_PROXY names', () => {
  let app: TestApp;
  let user: CookieUser;

  const proxied = (origin: string, host = 'shop.example.com', proto = 'https') => ({
    host: 'latchkey:3000',
    'x-forwarded-for': '203.0.113.7',
    'x-forwarded-host': host,
    'x-forwarded-proto': proto,
    origin,
  });

  beforeAll(async () => {
    app = await startCookieApp({ env: { TRUST_PROXY: '127.0.0.1', PUBLIC_URL: '' } });
    user = await signUp(app, {}, proxied('https://shop.example.com'));
  });

  afterAll(() => app.close());

  it.each([
    ['https://shop.example.com', 200],
    ['http://shop.example.com', 403],
    ['https://latchkey:3000', 403],
    ['https://evil.example', 403],
  ])('the origin of the request is that of the browser: %s is %i', async (origin, expected) => {
    const { status } = await send(app, {
      method: 'PUT',
      path: '/api/auth/profile',
      json: { bio: 'x' },
      headers: { ...proxied(origin), cookie: user.access },
    });
    expect(status).toBe(expected);
  });
});
