import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import Fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import { UnreadBodies } from '../../apps/api/http/unread-bodies';
import { HttpTraffic } from '../../apps/api/lifecycle/http-traffic';
import { RawConnection } from '../support/raw-connection';
import { until } from '../support/until';

/** More than all buffers between server and client hold. */
const LARGE_BYTES = 32_000_000;

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

describe('the end of the traffic', () => {
  let fastify: FastifyInstance;
  let traffic: HttpTraffic;
  let client: RawConnection;
  let held: FastifyReply[];

  beforeEach(async () => {
    fastify = Fastify();
    traffic = new HttpTraffic(new UnreadBodies());
    held = [];
    traffic.watch(fastify);
    fastify.get('/large', () => 'x'.repeat(LARGE_BYTES));
    fastify.get('/held', (_request, reply) => {
      held.push(reply);
    });
    await fastify.listen({ host: '127.0.0.1', port: 0 });
    client = await RawConnection.open(portOf(fastify.server));
  });

  afterEach(async () => {
    client.close();
    await fastify.close();
  });

  it('lets a slow client read the rest of an answer that was half sent', async () => {
    client.stopReading();
    client.get('/large');
    await until('a request is open', () => traffic.openRequests, 1);
    const ended = traffic.end();
    await until('the listener is closed', () => fastify.server.listening, false);
    client.resumeReading();

    await ended;
    await client.untilClosed();
    expect(client.received.length).toBeGreaterThan(LARGE_BYTES);
  });

  it('does not wait for the rest of a body whose request is answered', async () => {
    client.send('GET /unknown HTTP/1.1\r\nHost: test\r\nContent-Length: 9\r\n\r\n');
    await client.untilReceived(/^HTTP\/1\.1 404 [^]*\}$/);
    await traffic.end();
    await client.untilClosed();
  });

  it('closes a connection whose answer had already promised to keep it open', async () => {
    client.get('/held');
    await until('the request begins', () => held.length, 1);
    const [answer] = held;
    answer!.raw.writeHead(200, { 'content-length': 4 }).write('ab');
    await client.untilReceived(/ab$/);
    const ended = traffic.end();
    answer!.raw.end('cd');

    await ended;
    await client.untilClosed();
    expect(client.received).toMatch(/connection: keep-alive[^]*abcd$/i);
  });

  it('answers every request that queues on a connection, and closes it with the last', async () => {
    client.get('/held');
    client.get('/held');
    await until('both requests begin', () => held.length, 2);
    const ended = traffic.end();
    held.forEach((reply, index) => void reply.send(`answer ${index}`));

    await ended;
    await client.untilClosed();
    expect(client.received).toMatch(/keep-alive[^]*answer 0[^]*connection: close[^]*answer 1$/i);
  });

  it('serves a request that was half received', async () => {
    client.send('GET /held HTTP/1.1\r\n');
    await until('a connection is open', () => traffic.openConnections, 1);
    // The server has read that once it has answered another client.
    const other = await RawConnection.open(portOf(fastify.server));
    other.get('/nowhere');
    await other.untilReceived(/ 404 /);
    const ended = traffic.end();
    await other.untilClosed();
    client.send('Host: test\r\n\r\n');
    await until('the request begins', () => held.length, 1);
    void held[0]!.send('served');

    await ended;
    await client.untilReceived(/connection: close[^]*served$/i);
  });

  it('waits for answers of another listener, such as the one that localhost has for IPv6', async () => {
    const second = createServer((request, answer) => fastify.routing(request, answer));
    await new Promise<void>((resolve) => second.listen(0, '127.0.0.1', resolve));
    fastify.server.once('close', () => second.close());
    const other = await RawConnection.open(portOf(second));
    other.get('/held');
    await until('the request begins', () => held.length, 1);
    let hasEnded = false;
    const ended = traffic.end().then(() => {
      hasEnded = true;
    });
    client.close();
    await until('the second listener is closed', () => second.listening, false);
    expect(hasEnded).toBe(false);
    void held[0]!.send('served');

    await ended;
    await other.untilReceived(/connection: close[^]*served$/i);
  });
});
