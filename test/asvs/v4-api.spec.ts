import { openApiDocument } from '../../apps/api/docs/open-api';
import { PASSWORD, startTestApp, type TestApp } from '../support/app';
import { RawConnection } from '../support/raw-connection';

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

let app: TestApp;

beforeAll(async () => {
  app = await startTestApp();
});

afterAll(async () => {
  await app.close();
});

function portOf(): number {
  return Number(new URL(app.http.origin).port);
}

function send(path: string, init: RequestInit = {}): Promise<Response> {
  return fetch(new URL(path, app.http.origin), { redirect: 'manual', ...init });
}

describe('answers', () => {
  it.each([
    ['/api/auth/profile', 'application/problem+json'],
    ['/nowhere', 'application/problem+json'],
    ['/api/auth/%zz', 'application/problem+json'],
    ['/api/auth/health', 'application/json'],
    ['/.well-known/jwks.json', 'application/json'],
    ['/docs/openapi.json', 'application/json'],
    ['/health/ready', 'application/json'],
  ])('V4.1.1: %s has its media type', async (path, type) => {
    const answer = await send(path);
    expect(answer.headers.get('content-type')).toMatch(
      new RegExp(`^${type.replace('+', '\\+')}(; charset=utf-8)?$`),
    );
    expect(JSON.parse(await answer.text())).toBeInstanceOf(Object);
  });

  it.each(['/metrics', '/docs/swagger-ui.css', '/docs/swagger-ui-bundle.js'])(
    'V4.1.1: the text of %s names its charset',
    async (path) => {
      const answer = await send(path);
      expect(answer.headers.get('content-type')).toMatch(/charset=utf-8$/);
      await answer.body?.cancel();
    },
  );

  it.each(['/', '/docs', '/docs/swagger-ui-init.js'])(
    'V4.1.1: the text of %s names its charset',
    async (path) => {
      const answer = await send(path);
      await answer.body?.cancel();
      expect(answer.headers.get('content-type')).toMatch(/charset=utf-8$/);
    },
  );

  it('V4.1.2: do not redirect, also not from http to https', async () => {
    const headers = { 'x-forwarded-proto': 'http', 'x-forwarded-ssl': 'off' };
    const document = openApiDocument(app.nest);
    const paths = Object.keys(document.paths).map((path) => path.replace(/\{\w+\}/g, 'x'));
    for (const path of [...paths, '/', '/docs', '/docs/', '/api', '/api/']) {
      const answer = await send(path, { headers });
      await answer.body?.cancel();
      expect([path, answer.headers.get('location')]).toEqual([path, null]);
      expect(Math.floor(answer.status / 100)).not.toBe(3);
    }
  });

  it.each([
    ['that is found', 'GET /api/auth/health HTTP/1.1\r\nHost: x\r\n\r\n', 200],
    ['without a token', 'GET /api/auth/profile HTTP/1.1\r\nHost: x\r\n\r\n', 401],
    ['with a malformed path', 'GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n', 400],
    ['that the parser refuses', 'GET / HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n', 400],
  ])(
    'V4.1.1, V4.2.2: to a request %s have the stated length and media type',
    async (_, request, status) => {
      const client = await RawConnection.open(portOf());
      client.send(request.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'));
      await client.untilClosed();
      const [head = '', body = ''] = client.received.split(/\r\n\r\n(.*)/s);
      expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
      expect(head).not.toMatch(/^transfer-encoding:/im);
      expect(/^content-length: (\d+)$/im.exec(head)?.[1]).toBe(String(body.length));
      const type = status === 200 ? 'application/json' : 'application/problem+json';
      expect(/^content-type: (.+)$/im.exec(head)?.[1]).toBe(`${type}; charset=utf-8`);
      expect(JSON.parse(body)).toBeInstanceOf(Object);
    },
  );
});

describe('requests', () => {
  it('V4.1.3: cannot set the address of their client', async () => {
    const headers = {
      'x-forwarded-for': '203.0.113.7',
      'x-real-ip': '203.0.113.7',
      forwarded: 'for=203.0.113.7',
      'x-client-ip': '203.0.113.7',
    };
    const { user } = await app.register();
    const json = { email: user.email, password: PASSWORD };
    const { body } = await app.http.post<{ accessToken: string }>('/api/auth/login', {
      json,
      headers,
    });
    const list = await app.http.get<{ sessions: { ip: string }[] }>('/api/auth/sessions', {
      token: body.accessToken,
    });
    expect(list.body.sessions.map(({ ip }) => ip)).toEqual(['127.0.0.1', '127.0.0.1']);
  });

  it('V4.1.3: cannot set their user', async () => {
    const [ada, eve] = await Promise.all([app.register(), app.register()]);
    const { headers } = await app.http.get('/api/auth/verify', {
      token: eve.accessToken,
      headers: { 'x-user-id': ada.user.id, 'x-session-id': ada.session.id, 'x-user-role': 'admin' },
    });
    expect([headers.get('x-user-id'), headers.get('x-user-role')]).toEqual([eve.user.id, 'user']);
    expect(headers.get('x-session-id')).toBe(eve.session.id);
  });

  it('V4.1.4: are refused with an undocumented method', async () => {
    const { accessToken } = await app.register();
    const headers = { authorization: `Bearer ${accessToken}` };
    for (const [path, operations] of Object.entries(openApiDocument(app.nest).paths)) {
      const documented = Object.keys(operations).map((method) => method.toUpperCase());
      for (const method of METHODS.filter((one) => !documented.includes(one))) {
        const answer = await send(path.replace(/\{\w+\}/g, 'x'), { method, headers });
        await answer.body?.cancel();
        expect(`${method} ${path}: ${answer.status}`).toBe(`${method} ${path}: 405`);
      }
    }
  });

  it.each([
    ['TRACE', 'HTTP/1.1 405'],
    ['TRACK', 'HTTP/1.1 400'],
    // Closed without an answer.
    ['CONNECT', ''],
    ['DEBUG', 'HTTP/1.1 400'],
    ['PROPFIND', 'HTTP/1.1 405'],
  ])('V4.1.4, V13.4.4: are refused with %s, and not echoed', async (method, status) => {
    const client = await RawConnection.open(portOf());
    const target = method === 'CONNECT' ? 'example.com:443' : '/api/auth/health';
    client.send(
      `${method} ${target} HTTP/1.1\r\nHost: x\r\nX-Echo: echo-me\r\nConnection: close\r\n\r\n`,
    );
    await client.untilClosed();
    expect(client.received).not.toContain('echo-me');
    expect(client.received.slice(0, 'HTTP/1.1 xxx'.length)).toBe(status);
  });

  it('V4.4.1: do not become a WebSocket', async () => {
    const client = await RawConnection.open(portOf());
    client.send(
      [
        'GET /api/auth/health HTTP/1.1',
        'Host: x',
        'Connection: Upgrade, close',
        'Upgrade: websocket',
        'Sec-WebSocket-Version: 13',
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
        '',
        '',
      ].join('\r\n'),
    );
    await client.untilReceived(/^HTTP\/1.1 \d+ /);
    expect(client.received).not.toMatch(/^HTTP\/1.1 101|^upgrade:/im);
    client.close();
  });
});
