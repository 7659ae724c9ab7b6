import { createServer, request, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startTestApp, type TestApp } from '../support/app';
import { avatarForm } from '../support/avatars';
import { HttpClient } from '../support/http-client';
import { startNginx, type TestNginx } from '../support/nginx';
import { sharedStores } from '../support/shared-stores';
import { TcpProxy } from '../support/tcp-proxy';

interface Echo {
  method: string;
  url: string;
  /** Names in lower case with their values, as they were received: nothing joined, nothing dropped. */
  headers: [string, string][];
  body: string;
}

const IDENTITY_HEADERS = ['x-user-id', 'x-session-id', 'x-user-role', 'x-auth-time', 'x-amr'];
const FORGED = {
  'x-user-id': 'forged',
  'x-session-id': 'forged',
  'x-user-role': 'admin',
  'x-auth-time': '9999999999',
  'x-amr': 'forged',
  x_user_id: 'forged',
};

describe('nginx with the configuration of examples/nginx', () => {
  let app: TestApp;
  let postgres: TcpProxy;
  let application: Server;
  let reached: Echo[];
  let nginx: TestNginx;
  let gateway: HttpClient;

  beforeAll(async () => {
    postgres = await TcpProxy.start(Number(new URL(sharedStores().postgresUrl).port));
    const env = { COOKIES: 'on', TRUST_PROXY: '1' };
    app = await startTestApp({ postgresPort: postgres.port, env });
    application = await startApplication((echo) => reached.push(echo));
    nginx = await startNginx({
      latchkey: Number(new URL(app.http.origin).port),
      application: (application.address() as AddressInfo).port,
    });
    gateway = new HttpClient(nginx.origin);
  }, 10 * 60_000);

  beforeEach(() => {
    reached = [];
  });

  afterAll(async () => {
    await nginx.stop();
    application.closeAllConnections();
    application.close();
    await app.close();
    postgres.stop();
  });

  function identityOf(echo: Echo | undefined): [string, string][] {
    return echo!.headers.filter(([name]) => IDENTITY_HEADERS.includes(name.replaceAll('_', '-')));
  }

  it('passes a signed-in request with the headers of its user', async () => {
    const { accessToken, user, session } = await app.register();
    const answer = await gateway.get('/orders?page=2', { token: accessToken });
    expect(answer.status).toBe(200);
    expect(reached).toHaveLength(1);
    expect([reached[0]!.method, reached[0]!.url]).toEqual(['GET', '/orders?page=2']);
    expect(identityOf(reached[0])).toEqual([
      ['x-user-id', user.id],
      ['x-session-id', session.id],
      ['x-user-role', 'user'],
      ['x-auth-time', authTimeOf(session)],
      ['x-amr', 'pwd'],
    ]);
  });

  it.each(['POST', 'PUT', 'DELETE'])(
    'sends a GET to verify a %s, whose body arrives',
    async (method) => {
      const { accessToken } = await app.register();
      const json = { item: 'x'.repeat(100_000) };
      const answer = await gateway.call(method, '/orders', { token: accessToken, json });
      expect(answer.status).toBe(200);
      expect(reached).toEqual([
        expect.objectContaining({ method, url: '/orders', body: JSON.stringify(json) }),
      ]);
    },
  );

  it('passes a file of 5 MiB on to Latchkey, which answers', async () => {
    const { accessToken: token } = await app.register();
    const form = avatarForm(new Uint8Array(5 * 1024 * 1024));
    const { status, body } = await gateway.post('/api/auth/profile/avatar', { token, form });
    expect([status, body.code]).toEqual([415, 'unsupported_media_type']);
  });

  it('replaces forged headers of a signed-in client', async () => {
    const { accessToken, user, session } = await app.register();
    await gateway.get('/', { token: accessToken, headers: FORGED });
    expect(identityOf(reached[0])).toEqual([
      ['x-user-id', user.id],
      ['x-session-id', session.id],
      ['x-user-role', 'user'],
      ['x-auth-time', authTimeOf(session)],
      ['x-amr', 'pwd'],
    ]);
  });

  it('replaces a forged header that comes twice', async () => {
    const { accessToken, user } = await app.register();
    const status = await rawGet(`${nginx.origin}/`, [
      ...['Authorization', `Bearer ${accessToken}`],
      ...['X-User-Id', 'forged'],
      ...['x-user-id', 'forged again'],
    ]);
    expect(status).toBe(200);
    expect(identityOf(reached[0])[0]).toEqual(['x-user-id', user.id]);
    expect(JSON.stringify(reached)).not.toContain('forged');
  });

  it('drops forged headers where no token is verified', async () => {
    const answer = await gateway.get('/public/prices', { headers: FORGED });
    expect(answer.status).toBe(200);
    expect(identityOf(reached[0])).toEqual([]);
  });

  it('refuses a request without a token, with any forged header, with the challenge of Latchkey', async () => {
    const direct = await app.http.get('/api/auth/verify');
    const answer = await gateway.get('/orders', { headers: FORGED });
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="latchkey"');
    expect(answer.headers.get('www-authenticate')).toBe(direct.headers.get('www-authenticate'));
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(answer.body.status).toBe(401);
    expect(reached).toEqual([]);
  });

  it('refuses a token that Latchkey did not issue', async () => {
    const answer = await gateway.post('/orders', { token: 'not.a.token', json: {} });
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toContain('error="invalid_token"');
    expect(reached).toEqual([]);
  });

  it('signs in and out through the gateway; the next request is refused', async () => {
    const { user } = await app.register();
    const json = { email: user.email, password: 'correct horse battery staple' };
    const signedIn = await gateway.post<{ accessToken: string }>('/api/auth/login', { json });
    const token = signedIn.body.accessToken;
    expect((await gateway.get('/orders', { token })).status).toBe(200);
    expect((await gateway.post('/api/auth/logout', { token })).status).toBe(204);
    const refused = await gateway.get('/orders', { token });
    expect(refused.status).toBe(401);
    expect(refused.headers.get('www-authenticate')).toContain('revoked');
    expect(reached).toHaveLength(1);
  });

  describe('with the cookie of a browser', () => {
    let cookie: string;

    beforeEach(async () => {
      const { user } = await app.register();
      const json = { email: user.email, password: 'correct horse battery staple', cookies: true };
      const headers = { origin: nginx.origin };
      const answer = await gateway.post('/api/auth/login', { json, headers });
      const [access = ''] = answer.headers.getSetCookie();
      cookie = access.split(';')[0] ?? '';
    });

    const order = (method: string, headers: Record<string, string>) =>
      gateway.call(method, '/orders', { headers: { cookie: `a=1; ${cookie}; b=2`, ...headers } });

    it('admits the request, and passes the other cookies alone', async () => {
      expect((await order('GET', {})).status).toBe(200);
      expect((await order('GET', { cookie })).status).toBe(200);
      expect((await order('GET', { cookie: `${cookie}; b=2` })).status).toBe(200);
      const passed = reached.map((echo) => echo.headers.find(([name]) => name === 'cookie')?.[1]);
      expect(passed).toEqual(['a=1; b=2', undefined, 'b=2']);
    });

    it('passes no cookie of the session beside one of its other name', async () => {
      const planted = '__Host-latchkey=planted';
      for (const both of [`${cookie}; ${planted}; b=2`, `${planted}; ${cookie}; b=2`]) {
        expect((await order('GET', { cookie: both })).status).toBe(200);
      }
      const passed = reached.map((echo) => echo.headers.find(([name]) => name === 'cookie')?.[1]);
      expect(passed).toEqual(['b=2', 'b=2']);
    });

    it.each<[string, string, Record<string, string>, number]>([
      ['POST', 'its own origin', { origin: 'SELF' }, 200],
      ['PUT', 'the same origin', { 'sec-fetch-site': 'same-origin' }, 200],
      ['POST', 'another site', { origin: 'https://evil.example' }, 403],
      ['DELETE', 'another site', { origin: 'https://evil.example' }, 403],
      ['PUT', 'nowhere', {}, 403],
      ['GET', 'another site', { origin: 'https://evil.example' }, 200],
      ['GET', 'another site, for a WebSocket', { origin: 'null', 'sec-websocket-key': 'x' }, 403],
      ['POST', 'another site that claims GET', { origin: 'null', 'x-original-method': 'GET' }, 403],
    ])('a %s of %s', async (method, _, given, status) => {
      const headers = given.origin === 'SELF' ? { origin: nginx.origin } : given;
      const answer = await order(method, headers);
      expect([answer.status, reached.length]).toEqual([status, status === 200 ? 1 : 0]);
      if (status === 403) {
        expect(answer.headers.get('content-type')).toBe('application/problem+json');
      }
    });

    it('signs out through the gateway', async () => {
      const headers = { cookie, origin: nginx.origin };
      expect((await gateway.post('/api/auth/logout', { headers })).status).toBe(204);
      expect((await order('GET', {})).status).toBe(401);
    });
  });

  it('hides the path of the verification from clients', async () => {
    const { accessToken } = await app.register();
    expect(await rawGet(`${nginx.origin}/_latchkey`, bearer(accessToken))).toBe(404);
  });

  it.each([401, 403, 500, 503])('passes a %d of the application on unchanged', async (status) => {
    const { accessToken } = await app.register();
    const answer = await gateway.get(`/?answer=${status}`, { token: accessToken });
    expect(answer.status).toBe(status);
    expect(answer.body).toHaveProperty('headers');
  });

  it('passes signed-in requests without Redis; answers 503, never 401, without any store', async () => {
    const { accessToken } = await app.register();
    await app.redis.stop();
    expect((await gateway.get('/orders', { token: accessToken })).status).toBe(200);
    postgres.cut();
    reached = [];
    const answer = await gateway.get('/orders', { token: accessToken });
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toBe('1');
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(reached).toEqual([]);
  });

  it('answers 503 when Latchkey itself is away', async () => {
    const { server } = app.nest.getHttpAdapter().getInstance();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    const answer = await gateway.get('/orders', { token: 'any-token' });
    expect(answer.status).toBe(503);
    expect(reached).toEqual([]);
  });
});

/** Answers with the request that it received; `?answer=` chooses the status. */
async function startApplication(onRequest: (echo: Echo) => void): Promise<Server> {
  const server = createServer((incoming, response) => {
    void read(incoming).then((echo) => {
      onRequest(echo);
      const status = new URL(echo.url, 'http://application').searchParams.get('answer') ?? '200';
      response.writeHead(Number(status), { 'content-type': 'application/json' });
      response.end(JSON.stringify(echo));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

async function read(incoming: IncomingMessage): Promise<Echo> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) {
    chunks.push(chunk as Buffer);
  }
  const headers: [string, string][] = [];
  for (let at = 0; at < incoming.rawHeaders.length; at += 2) {
    headers.push([incoming.rawHeaders[at]!.toLowerCase(), incoming.rawHeaders[at + 1]!]);
  }
  const { method = '', url = '' } = incoming;
  return { method, url, headers, body: Buffer.concat(chunks).toString() };
}

function authTimeOf({ createdAt }: { createdAt: string }): string {
  return String(Math.floor(Date.parse(createdAt) / 1000));
}

function bearer(token: string): string[] {
  return ['Authorization', `Bearer ${token}`];
}

/** Sends header lines exactly as given, also the same one twice. */
function rawGet(url: string, headers: string[]): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const call = request(url, { headers: ['Host', new URL(url).host, ...headers] }, (response) => {
      response.resume().once('end', () => resolve(response.statusCode));
    });
    call.once('error', reject).end();
  });
}
