import { UnreadBodies } from '../../apps/api/http/unread-bodies';
import { startTestApp, type TestApp } from '../support/app';
import { RawConnection } from '../support/raw-connection';
import { until } from '../support/until';

const MIB = 1024 * 1024;
const LARGE = new Uint8Array(5 * MIB).fill(0x61);
const JSON_TYPE = { 'content-type': 'application/json' };

/** A body whose length is not known in advance. */
function inChunks(bytes: Uint8Array): ReadableStream {
  let sent = 0;
  return new ReadableStream({
    pull(controller) {
      if (sent === bytes.length) {
        controller.close();
      } else {
        controller.enqueue(bytes.subarray(sent, (sent += 64 * 1024)));
      }
    },
  });
}

describe('a large body that is refused', () => {
  let app: TestApp;
  let token: string;
  let bodies: UnreadBodies;
  const usual = new UnreadBodies();

  beforeAll(async () => {
    app = await startTestApp({
      env: { RATE_LIMIT: 'on', LOGIN_LIMIT_PER_ADDRESS: '1', TRUST_PROXY: '1' },
    });
    token = (await app.register()).accessToken;
    bodies = app.nest.get(UnreadBodies);
  });

  afterEach(() => {
    const { maxBytes, deadlineMs, idleMs } = usual;
    Object.assign(bodies, { maxBytes, deadlineMs, idleMs });
  });

  afterAll(() => app.close());

  const open = () => RawConnection.open(Number(new URL(app.http.origin).port));

  const head = (line: string, ...headers: string[]) =>
    [line, 'Host: x', ...headers, '', ''].join('\r\n');

  const login = (length: number, ...headers: string[]) =>
    head(
      'POST /api/auth/login HTTP/1.1',
      'Content-Type: application/json',
      `Content-Length: ${length}`,
      ...headers,
    );

  function statusesOf({ received }: RawConnection): number[] {
    return [...received.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, code]) => Number(code));
  }

  const CALLS: [title: string, method: string, path: string, type: string, code: string][] = [
    ['for its length', 'POST', '/api/auth/login', 'application/json', 'payload_too_large'],
    ['for its type', 'POST', '/api/auth/login', 'text/xml', 'unsupported_media_type'],
    [
      'for lack of a token',
      'POST',
      '/api/auth/profile/avatar',
      'multipart/form-data; boundary=x',
      'token_missing',
    ],
    ['for its method', 'PUT', '/api/auth/login', 'application/json', 'method_not_allowed'],
    ['for its path', 'POST', '/api/%zz', 'application/json', 'malformed_request'],
    ['for its path that is unknown', 'POST', '/nowhere', 'text/xml', 'not_found'],
  ];

  it.each(CALLS)('%s: fetch reads the answer', async (_, method, path, type, code) => {
    for (const body of [() => LARGE, () => inChunks(LARGE)]) {
      const headers = { 'content-type': type };
      const call = { method, headers, body: body(), duplex: 'half' as const };
      const answer = await fetch(app.http.origin + path, call);
      expect(await answer.json()).toMatchObject({ code, status: answer.status });
    }
  });

  it.each(
    CALLS.flatMap((call) => ['keep-alive', 'close'].map((connection) => [...call, connection])),
  )(
    '%s (%s %s, %s): a client that sends all of it before it reads the answer reads %s on a connection to %s',
    async (_, method, path, type, code, connection) => {
      for (const length of [`Content-Length: ${LARGE.length}`, 'Transfer-Encoding: chunked']) {
        const request = head(
          `${method} ${path} HTTP/1.1`,
          `Content-Type: ${type}`,
          `Connection: ${connection}`,
          length,
        );
        const isChunked = length.includes('chunked');
        const body = isChunked
          ? [`${LARGE.length.toString(16)}\r\n`, LARGE, '\r\n0\r\n\r\n']
          : [LARGE];
        const client = await open();
        client.stopReading();
        await client.sendAll(request, ...body);
        client.resumeReading();
        await client.untilReceived(new RegExp(`"code":"${code}"`));
        client.close();
      }
    },
  );

  it('by a limit: fetch reads the answer', async () => {
    const call = {
      method: 'POST',
      headers: { ...JSON_TYPE, 'x-forwarded-for': '192.0.2.1' },
      body: JSON.stringify({ email: 'a@example.com', password: 'x'.repeat(60_000) }),
    };
    const statuses = [];
    for (let count = 0; count < 2; count++) {
      statuses.push((await fetch(`${app.http.origin}/api/auth/login`, call)).status);
    }
    expect(statuses).toEqual([400, 429]);
  });

  it('as a picture: fetch reads the answer', async () => {
    for (const body of [() => new Uint8Array(12 * MIB), () => inChunks(new Uint8Array(12 * MIB))]) {
      const answer = await fetch(`${app.http.origin}/api/auth/profile/avatar`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${token}`,
          'content-type': 'multipart/form-data; boundary=x',
        },
        body: body(),
        duplex: 'half',
      });
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(await answer.json()).toHaveProperty('code');
    }
  });

  it('is answered before it is sent, and the connection serves the next request after it', async () => {
    const connection = await open();
    connection.send(login(100_000));
    await connection.untilReceived(/^HTTP\/1\.1 413 [^]*\}$/);
    expect(connection.received).not.toMatch(/connection: close/i);
    connection.send('x'.repeat(100_000));
    connection.get('/health/live');
    await connection.untilReceived(/"status":"ok"/);
    expect(statusesOf(connection)).toEqual([413, 200]);
    connection.close();
  });

  it('is not read beyond a bound: the connection is closed', async () => {
    bodies.maxBytes = MIB;
    const connection = await open();
    connection.send(login(1000 * MIB));
    await connection.untilReceived(/^HTTP\/1\.1 413 [^]*\}$/);
    connection.send('x'.repeat(2 * MIB));
    await connection.untilClosed();
    expect(statusesOf(connection)).toEqual([413]);
  });

  it.each([
    ['of a login', login(100_000)],
    ['of a login that closes the connection', login(100_000, 'Connection: close')],
    ['of a method without one', head('GET /health/live HTTP/1.1', 'Transfer-Encoding: chunked')],
  ])(
    '%s that arrives slowly is read until a deadline: the connection is closed',
    async (_, request) => {
      bodies.deadlineMs = 300;
      const connection = await open();
      connection.send(request);
      await until('the connection is closed', () => {
        connection.send(request.includes('chunked') ? '1\r\nx\r\n' : 'x');
        return connection.isClosed;
      });
      expect(statusesOf(connection)).toEqual([request.startsWith('GET') ? 200 : 413]);
    },
  );

  it('that never arrives does not delay an answer that is not a refusal', async () => {
    bodies.idleMs = 3_600_000;
    const connection = await open();
    const authorization = `Authorization: Bearer ${token}`;
    connection.send(head('GET /api/auth/verify HTTP/1.0', authorization, 'Content-Length: 12'));
    await connection.untilReceived(/^HTTP\/1\.1 200 /);
    connection.close();
  });

  it('that never arrives delays a refusal only for a moment', async () => {
    bodies.deadlineMs = 3_600_000;
    const connection = await open();
    connection.send(head('GET /api/auth/verify HTTP/1.0', 'Content-Length: 12'));
    await connection.untilReceived(/"code":"token_missing"/);
    connection.close();
  });

  it('is not read after a request of unclear framing, whose refusal is sent at once', async () => {
    Object.assign(bodies, { deadlineMs: 3_600_000, idleMs: 3_600_000 });
    const connection = await open();
    connection.send(login(100_000, 'Host: y', 'Connection: close'));
    await connection.untilReceived(/"code":"malformed_request"/);
    connection.close();
  });

  it('causes no second answer when its rest is malformed', async () => {
    const connection = await open();
    connection.send(head('GET /health/live HTTP/1.1', 'Transfer-Encoding: chunked'));
    await connection.untilReceived(/"status":"ok"[^]*\}$/);
    connection.send('no chunk\r\n');
    await connection.untilClosed();
    expect(statusesOf(connection)).toEqual([200]);
  });
});
