import type { Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import Fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import { handleInTurns, MAX_WAITING } from '../../apps/api/http/one-turn';
import { UnreadBodies } from '../../apps/api/http/unread-bodies';
import { HttpTraffic } from '../../apps/api/lifecycle/http-traffic';
import { startTestApp, type TestApp } from '../support/app';
import { lasting } from '../support/long-tests';
import { RawConnection } from '../support/raw-connection';
import { until } from '../support/until';

/** Bytes that Node reads from a connection at once. */
const CHUNK_BYTES = 64 * 1024;

const portOf = (server: Server) => (server.address() as AddressInfo).port;

const head = (line: string, ...headers: string[]) =>
  [`${line} HTTP/1.1`, 'Host: x', ...headers, '', ''].join('\r\n');
const get = (path: string, ...headers: string[]) => head(`GET ${path}`, ...headers);
const post = (json: string, ...headers: string[]) =>
  head(
    'POST /echo',
    'Content-Type: application/json',
    `Content-Length: ${json.length}`,
    ...headers,
  ) + json;

const statusesOf = ({ received }: RawConnection) =>
  [...received.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, code]) => Number(code));

describe('requests that are pipelined on one connection', () => {
  let fastify: FastifyInstance;
  let traffic: HttpTraffic;
  let client: RawConnection;
  /** Every request that began, with its turn of the event loop. */
  let begun: { path: string; turn: number }[];
  let held: FastifyReply[];
  let sockets: Socket[];
  let counter: NodeJS.Immediate;

  beforeEach(async () => {
    [begun, held, sockets] = [[], [], []];
    let turn = 0;
    const count = () => {
      turn += 1;
      counter = setImmediate(count);
    };
    count();
    fastify = Fastify();
    traffic = new HttpTraffic(new UnreadBodies());
    handleInTurns(fastify);
    traffic.watch(fastify);
    fastify.server.on('connection', (socket: Socket) => sockets.push(socket));
    fastify.addHook('onRequest', ({ url }, _reply, done) => {
      begun.push({ path: url, turn });
      done();
    });
    fastify.get('/now/:id', ({ url }) => url);
    fastify.get('/held/:id', (_request, reply) => {
      held.push(reply);
    });
    fastify.post('/echo', ({ body }) => body);
    await fastify.listen({ host: '127.0.0.1', port: 0 });
    client = await RawConnection.open(portOf(fastify.server));
  });

  afterEach(async () => {
    clearImmediate(counter);
    client.close();
    await fastify.close();
  });

  it('begin in turns of their own, and are answered in their order', async () => {
    const paths = Array.from({ length: 500 }, (_, id) => `/now/${id}`);
    client.send(paths.map((path) => get(path)).join(''));
    await client.untilReceived(/\/now\/499$/);
    expect(begun.map(({ path }) => path)).toEqual(paths);
    expect(new Set(begun.map(({ turn }) => turn)).size).toBe(paths.length);
    expect([...client.received.matchAll(/\/now\/\d+/g)].map(([path]) => path)).toEqual(paths);
  });

  it('begin only when the one before is answered', async () => {
    client.send(get('/held/0') + get('/held/1') + get('/now/2'));
    const other = await RawConnection.open(portOf(fastify.server));
    for (const id of [0, 1]) {
      await until(`request ${id} begins`, () => held.length, id + 1);
      other.get('/now/other');
      await until('the other client is answered', () => statusesOf(other).length, id + 1);
      expect(begun.filter(({ path }) => path !== '/now/other')).toHaveLength(id + 1);
      void held[id]!.send(`answer ${id}`);
    }
    await client.untilReceived(/answer 0[^]*answer 1[^]*\/now\/2$/);
    other.close();
  });

  it('are read no further while more than a few wait, and all of them are answered', async () => {
    const count = lasting(6_000, 20_000);
    client.send(get('/held/0') + get('/now/1').repeat(count));
    await until('the server stops reading', () => sockets[0]!.isPaused());
    const other = await RawConnection.open(portOf(fastify.server));
    for (let round = 0; round < 20; round++) {
      other.get('/now/other');
      await until('the other client is answered', () => statusesOf(other).length, round + 1);
    }
    expect(sockets[0]!.bytesRead).toBeLessThanOrEqual(2 * CHUNK_BYTES);
    void held[0]!.send();
    let most = 0;
    const answers = () => {
      const answered = begun.length - 20;
      most = Math.max(most, sockets[0]!.bytesRead - answered * get('/now/1').length);
      return statusesOf(client).length;
    };
    await until('every request is answered', answers, count + 1);
    // Bytes that are read and not yet begun: those that wait, and one chunk behind them.
    expect(most).toBeLessThanOrEqual(2 * CHUNK_BYTES + MAX_WAITING * get('/now/1').length);
    other.close();
  });

  it('may have bodies, also large ones and ones that expect 100', async () => {
    const bodies = Array.from({ length: 60 }, (_, id) =>
      JSON.stringify({ id, text: 'x'.repeat(id % 3 === 0 ? 150_000 : 10) }),
    );
    const expectation = (id: number) => (id % 5 === 0 ? ['Expect: 100-continue'] : []);
    client.send(bodies.map((body, id) => post(body, ...expectation(id))).join(''));
    await until(
      'every request is answered',
      () => statusesOf(client).filter((status) => status === 200).length,
      60,
    );
    const ids = [...client.received.matchAll(/\{"id":(\d+)/g)].map(([, id]) => Number(id));
    expect(ids).toEqual(bodies.map((_, id) => id));
    expect(statusesOf(client).filter((status) => status === 100)).toHaveLength(12);
  });

  it('do not begin after their client has disconnected', async () => {
    client.send(get('/held/0') + get('/now/1') + get('/now/2'));
    await until('the first request begins', () => held.length, 1);
    client.close();
    await until('the connection is closed', () => sockets[0]!.closed);
    void held[0]!.send();
    await until('no request is open', () => traffic.openRequests, 0);
    expect(begun.map(({ path }) => path)).toEqual(['/held/0']);
  });

  it('do not begin behind an answer that closes the connection', async () => {
    client.send(get('/held/0') + get('/now/1'));
    await until('the first request begins', () => held.length, 1);
    void held[0]!.header('connection', 'close').send();
    await client.untilClosed();
    expect(statusesOf(client)).toEqual([200]);
    expect(begun).toHaveLength(1);
  });

  it('are all answered when the process ends meanwhile, and the last answer closes the connection', async () => {
    client.send(get('/held/0') + get('/now/1') + get('/held/2') + get('/now/3'));
    await until('the first request begins', () => held.length, 1);
    const ended = traffic.end();
    // It came too late: the connection closes with the last answer before it.
    client.send(get('/now/4'));
    void held[0]!.send();
    await until('the held request begins', () => held.length, 2);
    void held[1]!.send();
    await ended;
    await client.untilClosed();
    expect(statusesOf(client)).toEqual([200, 200, 200, 200]);
    expect(
      client.received.match(/^connection: .*$/gim)?.map((line) => line.slice(12).trim()),
    ).toEqual(['keep-alive', 'keep-alive', 'keep-alive', 'close']);
  });
});

describe('a client that pipelines as much as it can', () => {
  const ANSWERS = lasting(80, 200);
  const PIPELINED = lasting(3_000, 10_000);
  let app: TestApp;
  let token: string;

  beforeAll(async () => {
    app = await startTestApp();
    token = (await app.register()).accessToken;
  });

  afterAll(() => app.close());

  it.each([
    ['probes', () => get('/health/live')],
    ['requests without a token', () => get('/api/auth/profile')],
    ['requests with a token', () => get('/api/auth/profile', `Authorization: Bearer ${token}`)],
    ['paths that no route has', () => get('/nowhere')],
  ])('with %s gets no more requests served than other clients', async (_, request) => {
    const greedy = await RawConnection.open(Number(new URL(app.http.origin).port));
    greedy.send(request().repeat(PIPELINED));
    await until('the first request is answered', () => statusesOf(greedy).length);
    const before = statusesOf(greedy).length;
    for (let count = 0; count < ANSWERS; count++) {
      expect((await app.http.get('/api/auth/verify', { token })).status).toBe(200);
    }
    const meanwhile = statusesOf(greedy).length - before;
    // A request of its own needs a turn for each of its steps, and a client that waits for each answer more of them.
    expect(meanwhile / ANSWERS).toBeLessThan(8);
    greedy.close();
  });
});
