import type { TestApp } from '../../support/app';
import { startAttackedApp } from '../../support/attacked-app';
import { RawConnection } from '../../support/raw-connection';
import { AMBIGUOUS, ENCLOSING, MALFORMED } from './smuggling-messages';

const LIVE = 'GET /health/live HTTP/1.1\r\nHost: test\r\n';

describe('a request that is smuggled behind or inside of another', () => {
  let app: TestApp;
  let token = '';

  beforeAll(async () => {
    app = await startAttackedApp();
  });

  beforeEach(async () => {
    if ((await app.http.get('/api/auth/verify', { token })).status !== 200) {
      token = (await app.register()).accessToken;
    }
  });

  afterAll(() => app.close());

  afterEach(async () => {
    expect((await app.http.get('/health/live')).status).toBe(200);
  });

  /** Signs the owner of the token out: it shows whether it was executed. */
  const logout = () =>
    `POST /api/auth/logout HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer ${token}\r\nContent-Length: 0\r\n\r\n`;

  /**
   * Sends the message and a last request that asks to close the connection, and reads until it is closed.
   * @returns the statuses of all answers, the last one too.
   */
  async function statusesOf(message: string): Promise<number[]> {
    const connection = await open();
    connection.send(`${message}${LIVE}Connection: close\r\n\r\n`);
    await connection.untilClosed();
    return statusesIn(connection);
  }

  const open = () => RawConnection.open(Number(new URL(app.http.origin).port));

  function statusesIn(connection: RawConnection): number[] {
    return [...connection.received.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, code]) =>
      Number(code),
    );
  }

  async function expectNotExecuted(): Promise<void> {
    expect((await app.http.get('/api/auth/verify', { token })).status).toBe(200);
  }

  it.each(AMBIGUOUS)('V4.2.1: is not found behind $title', async ({ message }) => {
    const statuses = await statusesOf(message(logout()));
    expect(statuses).toEqual([400]);
    await expectNotExecuted();
  });

  it.each(MALFORMED)('V4.2.1: is not found behind $title', async ({ message }) => {
    const statuses = await statusesOf(message(logout()));
    expect([[400], [431], []]).toContainEqual(statuses);
    await expectNotExecuted();
  });

  it.each(ENCLOSING)('V4.2.1: is not found in $title', async ({ message }) => {
    const [status, ...rest] = (await statusesOf(message(logout()))).filter((code) => code >= 200);
    expect(status).toBeLessThan(500);
    // The last request is not answered where the connection was closed rather than a body read.
    expect([[200], []]).toContainEqual(rest);
    await expectNotExecuted();
  });

  it.each(['GARBAGE\r\n\r\n', `${LIVE}X : y\r\n\r\n`, 'POST / HTTP/1.1\r\n\r\n'])(
    'V4.2.1: is not read behind %j, after any other request',
    async (bad) => {
      const connection = await open();
      connection.send(`${LIVE}\r\n`);
      await connection.untilReceived(/"status":"ok".*\}$/);
      connection.send(`${bad}${logout()}`);
      await connection.untilClosed();
      expect(statusesIn(connection)).toEqual([200, 400]);
      // Sent at once, the bad one may cost the good one its answer, but never takes its place.
      expect([[200, 400], []]).toContainEqual(await statusesOf(`${LIVE}\r\n${bad}${logout()}`));
      await expectNotExecuted();
    },
  );

  it('V4.2.1: is not executed once more than it was sent', async () => {
    const before = app.log.filter((line) => line.includes('"route":"/api/auth/verify"')).length;
    const verify = `GET /api/auth/verify HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer ${token}\r\n\r\n`;
    expect(await statusesOf(verify + verify + verify)).toEqual([200, 200, 200, 200]);
    const after = app.log.filter((line) => line.includes('"route":"/api/auth/verify"')).length;
    expect(after - before).toBe(3);
  });

  it.each<[string, string, number[]]>([
    // RFC 9112 section 3.2.2: a server accepts it, too. The server has one host, under any name.
    ['of a proxy', 'GET http://other.example.com/api/auth/verify HTTP/1.1', [200]],
    ['of a proxy to nothing', 'GET http://test/nothing HTTP/1.1', [404]],
    ['of the server itself', 'OPTIONS * HTTP/1.1', [404]],
    ['without a slash', 'GET api/auth/verify HTTP/1.1', [400, 404]],
    ['with two slashes', 'GET //api/auth/verify HTTP/1.1', [404]],
    ['with a way back', 'GET /api/auth/../auth/verify HTTP/1.1', [404]],
    ['with another way back', 'GET /api/auth/%2e%2e/auth/verify HTTP/1.1', [404]],
    ['with a fragment', 'GET /api/auth/verify#x HTTP/1.1', [200, 400, 404]],
    ['with a backslash', 'GET \\api\\auth\\verify HTTP/1.1', [400, 404]],
  ])('V4.2.1: has one answer with a target %s', async (_what, line, expected) => {
    const headers = `Host: test\r\nAuthorization: Bearer ${token}\r\n\r\n`;
    const [status, ...rest] = await statusesOf(`${line}\r\n${headers}`);
    expect(expected).toContain(status);
    expect(rest).toEqual(status === 400 ? [] : [200]);
  });

  it('V4.2.1: is not found in or behind a request that asks for HTTP/2', async () => {
    const connection = await open();
    const upgrade =
      'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n';
    const length = `Content-Length: ${logout().length}\r\n`;
    connection.send(`${LIVE}${upgrade}${length}\r\n${logout()}`);
    await connection.untilReceived(/"status":"ok".*\}$/);
    expect(statusesIn(connection)).toEqual([200]);
    await expectNotExecuted();
    connection.close();
  });

  it('V4.2.1: opens no tunnel', async () => {
    const statuses = await statusesOf(`CONNECT test:80 HTTP/1.1\r\nHost: test\r\n\r\n${logout()}`);
    expect(statuses.filter((status) => status < 400)).toEqual([]);
    await expectNotExecuted();
  });

  it('V4.2.1: is not found behind two Hosts, nor behind one with two names', async () => {
    const one = 'Host: a.example.com\r\n';
    for (const hosts of [`${one}Host: b.example.com\r\n`, 'Host: a, b\r\n', one + one]) {
      const message = `GET /health/live HTTP/1.1\r\n${hosts}\r\n${logout()}`;
      expect([hosts, await statusesOf(message)]).toEqual([hosts, [400]]);
    }
    await expectNotExecuted();
  });

  it('V4.2.1: is not found behind more headers than Node keeps', async () => {
    const many = 'a:b\r\n'.repeat(2900);
    const message = `${LIVE}${many}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n${logout()}`;
    expect((await statusesOf(message))[0]).toBeGreaterThanOrEqual(400);
    await expectNotExecuted();
  });

  it('V4.2.1: is executed when it is sent as a request of its own', async () => {
    expect(await statusesOf(`${LIVE}\r\n${logout()}`)).toEqual([200, 204, 200]);
    expect((await app.http.get('/api/auth/verify', { token })).status).toBe(401);
  });
});
