import { HttpTimings } from '../../apps/api/http/server-limits';
import { HttpTraffic } from '../../apps/api/lifecycle/http-traffic';
import type { AuthResultDto } from '../../apps/api/auth/auth.dto';
import { startTestApp, type TestApp } from '../support/app';
import { RawConnection } from '../support/raw-connection';
import { until } from '../support/until';

const SITE = 'https://app.example.com';
const NO_PAGE = "default-src 'none';base-uri 'none';form-action 'none';frame-ancestors 'none'";

describe('headers for browsers', () => {
  let app: TestApp;
  let user: AuthResultDto;

  beforeAll(async () => {
    app = await startTestApp();
    user = await app.register();
  });

  afterAll(async () => {
    await app.close();
  });

  it.each([
    ['a profile', 'GET', '/api/auth/profile', 200],
    ['a refusal', 'POST', '/api/auth/login', 400],
    ['a missing token', 'GET', '/api/admin/users/x/sessions', 403],
    ['nothing there', 'GET', '/api/nowhere', 404],
    ['a probe', 'GET', '/health/ready', 200],
    ['keys', 'GET', '/.well-known/jwks.json', 200],
    ['metrics', 'GET', '/metrics', 200],
  ])(
    'V3.4.3, V3.4.4, V3.4.5, V3.4.6: forbid every use of the answer as a page: %s',
    async (_, method, path, status) => {
      const token = user.accessToken;
      const answer = await app.http.call(method, path, {
        token,
        ...(status === 400 && { json: {} }),
      });
      expect(answer.status).toBe(status);
      expect(Object.fromEntries(answer.headers)).toMatchObject({
        'content-security-policy': NO_PAGE,
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'referrer-policy': 'no-referrer',
        'cross-origin-resource-policy': 'same-origin',
      });
      for (const name of ['server', 'x-powered-by', 'strict-transport-security']) {
        expect(answer.headers.get(name)).toBeNull();
      }
    },
  );

  it.each([
    ['POST', '/api/auth/login'],
    ['POST', '/api/auth/refresh'],
    ['GET', '/api/auth/profile'],
    ['GET', '/api/auth/sessions'],
    ['GET', '/api/auth/verify'],
    ['GET', '/nowhere'],
  ])('V14.3.2: forbid caches to keep %s %s', async (method, path) => {
    const { email } = user.user;
    const json = path.endsWith('login')
      ? { email, password: 'correct horse battery staple' }
      : { refreshToken: user.refreshToken };
    const call = { token: user.accessToken, ...(method === 'POST' && { json }) };
    const { headers } = await app.http.call(method, path, call);
    expect(headers.get('cache-control')).toBe('no-store');
  });

  it('V4.1.1: name the media type and the charset of every body', async () => {
    const type = async (path: string) => (await app.http.get(path)).headers.get('content-type');
    expect(await type('/api/auth/health')).toBe('application/json; charset=utf-8');
    expect(await type('/api/auth/profile')).toBe('application/problem+json; charset=utf-8');
    expect(await type('/metrics')).toMatch(/^text\/plain; version=[\d.]+; charset=utf-8$/);
    expect(await type('/docs')).toBe('text/html; charset=utf-8');
  });

  it('V3.4.3: let Swagger UI run its own scripts alone', async () => {
    const page = await fetch(`${app.http.origin}/docs`);
    const policy = page.headers.get('content-security-policy');
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self';");
    const html = await page.text();
    expect(html).not.toMatch(/<script(?![^>]*\ssrc=)[^>]*>|\son\w+=/i);
  });

  it('V3.4.2: allow no page of another site to read an answer, by default', async () => {
    const headers = { origin: SITE, 'access-control-request-method': 'GET' };
    const preflight = await app.http.call('OPTIONS', '/api/auth/profile', { headers });
    const answer = await app.http.get('/api/auth/profile', { token: user.accessToken, headers });
    for (const { headers: found } of [preflight, answer]) {
      expect([...found.keys()].filter((name) => name.startsWith('access-control-'))).toEqual([]);
    }
  });
});

describe('headers for browsers, where they are set', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startTestApp({ env: { CORS_ORIGINS: `${SITE},https://b.example`, HSTS: '365d' } });
  });

  afterAll(async () => {
    await app.close();
  });

  const preflight = (origin: string) =>
    app.http.call('OPTIONS', '/api/auth/profile', {
      headers: { origin, 'access-control-request-method': 'PUT' },
    });

  it('V3.4.2: CORS_ORIGINS: allow these sites to call and to read headers', async () => {
    const { status, headers } = await preflight(SITE);
    expect(status).toBe(204);
    expect(headers.get('access-control-allow-origin')).toBe(SITE);
    expect(headers.get('access-control-allow-methods')).toContain('PUT');
    expect(headers.get('access-control-allow-headers')).toContain('Authorization');
    expect(headers.get('access-control-allow-credentials')).toBeNull();
    const answer = await app.http.get('/api/auth/profile', { headers: { origin: SITE } });
    expect(answer.headers.get('access-control-allow-origin')).toBe(SITE);
    expect(answer.headers.get('access-control-expose-headers')).toContain('WWW-Authenticate');
    expect(answer.headers.get('vary')).toMatch(/origin/i);
  });

  it.each(['https://evil.example', `${SITE}.evil.example`, 'http://app.example.com', 'null'])(
    'V3.4.2: CORS_ORIGINS: not %s',
    async (origin) => {
      expect((await preflight(origin)).headers.get('access-control-allow-origin')).toBeNull();
    },
  );

  it('V3.4.1: HSTS: demand HTTPS for the time that is set', async () => {
    const { headers } = await app.http.get('/health/live');
    expect(headers.get('strict-transport-security')).toBe('max-age=31536000; includeSubDomains');
  });
});

describe('slow clients, and clients that send too much', () => {
  let app: TestApp;
  let port: number;

  const timings = Object.assign(new HttpTimings(), { headersMs: 300, requestMs: 600, checkMs: 50 });

  beforeAll(async () => {
    app = await startTestApp({ httpTimings: timings, env: { MAX_CONNECTIONS: '20' } });
    port = Number(new URL(app.http.origin).port);
  });

  afterAll(async () => {
    await app.close();
  });

  it.each([
    ['sends nothing', ''],
    ['does not come to the end of its headers', 'GET /health/live HTTP/1.1\r\nHost: x\r\nX-A: '],
    [
      'does not come to the end of its body',
      'POST /api/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{',
    ],
  ])('V13.1.2, V13.2.6: one that %s is disconnected', async (_, text) => {
    const slow = await RawConnection.open(port);
    slow.send(text);
    await slow.untilClosed();
    expect(slow.received).toMatch(/^HTTP\/1\.1 408 /);
  });

  it('V13.1.2: one that sends its headers slowly is disconnected, too', async () => {
    const slow = await RawConnection.open(port);
    slow.send('GET /health/live HTTP/1.1\r\nHost: x\r\n');
    await until('the connection is closed', () => {
      slow.send('X-A: b\r\n');
      return slow.isClosed;
    });
    expect(slow.received).toMatch(/^HTTP\/1\.1 408 /);
  });

  it('V13.1.2: more connections than MAX_CONNECTIONS are refused, and open ones are served', async () => {
    const standing = await Promise.all(Array.from({ length: 20 }, () => RawConnection.open(port)));
    standing.forEach((connection) => connection.get('/health/live'));
    await Promise.all(standing.map((connection) => connection.untilReceived(/"status":"ok"/)));
    const more = await RawConnection.open(port);
    await more.untilClosed();
    expect(more.received).toBe('');
    expect(app.log.join('')).toContain('connections are refused: more than 20 at once');
    standing[0]!.get('/health/live');
    await standing[0]!.untilReceived(/ok[^]*ok/);
    standing.forEach((connection) => connection.close());
    await until(
      'a connection is closed',
      () => app.nest.get(HttpTraffic).openConnections,
      (open) => open < 20,
    );
  });

  it.each([
    ['headers of more than 16 KiB', `X-A: ${'a'.repeat(17_000)}\r\n`, 431],
    [
      'a body of more than 64 KiB',
      'Content-Length: 65537\r\nContent-Type: application/json\r\n',
      413,
    ],
  ])('V4.2.1, V13.1.2: %s are refused unread', async (_, header, status) => {
    const client = await RawConnection.open(port);
    client.send(`POST /api/auth/login HTTP/1.1\r\nHost: x\r\n${header}\r\n`);
    await client.untilReceived(new RegExp(`^HTTP/1\\.1 ${status} [^]*\\r\\n\\r\\n\\{[^]*\\}`));
    client.close();
  });

  it.each(['TRACE', 'CONNECT', 'PROPFIND', 'PURGE', 'LINK'])(
    'V4.1.4: the method %s is refused',
    async (method) => {
      const client = await RawConnection.open(port);
      client.send(`${method} /api/auth/profile HTTP/1.1\r\nHost: x\r\n\r\n`);
      await until(
        'the server answers or closes the connection',
        () => client.isClosed || client.received,
      );
      expect(client.received).toMatch(/^(HTTP\/1\.1 4\d\d |$)/);
      client.close();
    },
  );

  it.each([
    'text/plain',
    'application/xml',
    'application/x-www-form-urlencoded',
    'multipart/form-data',
  ])('V4.1.5: %s is refused as the body of a sign-in', async (type) => {
    const call = { raw: '{}', headers: { 'content-type': type } };
    expect((await app.http.post('/api/auth/login', call)).status).toBe(415);
  });
});
