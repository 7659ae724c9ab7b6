import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { VerifierEvent } from '@latchkey/verifier';
import { LatchkeyVerifier } from '../../../packages/verifier/src/latchkey-verifier';
import { until } from '../../support/until';
import { BOUND, ShiftedClock } from './fixture';

const HEARTBEAT = 'id: 1\nevent: heartbeat\ndata: {"asOf":0}\n\n';
/** A message that is reported. */
const MESSAGE = 'event: reset\ndata: {}\n\n';

describe('the connection to the stream', () => {
  let server: Server;
  let verifier: LatchkeyVerifier;
  let clock: ShiftedClock;
  let requests: IncomingMessage[];
  let responses: ServerResponse[];
  let lost: Extract<VerifierEvent, { type: 'stream_lost' }>[];
  let messages: number;
  let answer: (response: ServerResponse) => void;

  beforeEach(async () => {
    [requests, responses, lost] = [[], [], []];
    messages = 0;
    answer = () => undefined;
    server = createServer((request, response) => {
      requests.push(request);
      responses.push(response);
      answer(response);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterEach(async () => {
    verifier.close();
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });

  const connect = () => {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const onEvent = (event: VerifierEvent) => {
      messages += event.type === 'reset' ? 1 : 0;
      if (event.type === 'stream_lost') {
        lost.push(event);
      }
    };
    clock = new ShiftedClock();
    const options = { url, clientId: 'a', clientSecret: 'b', boundMs: BOUND, onEvent };
    verifier = new LatchkeyVerifier(options, { clock });
  };
  const open = (response: ServerResponse, text = '') => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(text === '' ? ':\n\n' : text);
  };

  it('is tried again without an answer within half of the bound', async () => {
    connect();
    await until('a request has arrived', () => requests.length, 1);
    clock.pass(BOUND / 2 + 1);
    await until('another request has arrived', () => requests.length, 2);
  });

  it('is not given up while a long backlog is read, and is when it falls silent', async () => {
    answer = (response) => open(response, MESSAGE);
    connect();
    await until('it was read', () => messages, 1);
    for (let n = 2; n <= 4; n += 1) {
      responses[0]!.write(MESSAGE);
      await until('it was read', () => messages, n);
      clock.pass(BOUND - 2_000);
    }
    expect(requests).toHaveLength(1);
    clock.pass(2_001);
    await until('another request has arrived', () => requests.length, 2);
    expect(lost[0]!.reason).toBe('the stream was silent');
  });

  it('is renewed when heartbeats come too late to be trusted, and continues from the last', async () => {
    answer = (response) => open(response, HEARTBEAT);
    connect();
    await until('the stream is trusted', () => verifier.isTrusted);
    clock.pass(BOUND - 1_000);
    responses[0]!.write(HEARTBEAT);
    clock.pass(1_001);
    await until('another request has arrived', () => requests.length, 2);
    expect(requests[1]!.headers['last-event-id']).toBe('1');
  });

  it('is tried again after longer and longer pauses', async () => {
    answer = (response) => response.writeHead(503).end();
    connect();
    await until('it was refused five times', () => lost.length >= 5);
    const [first, ...others] = lost.slice(0, 5).map(({ retryInMs }) => retryInMs);
    expect(first).toBeGreaterThanOrEqual(50);
    expect(first).toBeLessThanOrEqual(100);
    others.forEach((ms, n) => expect(ms).toBeGreaterThanOrEqual(50 * 2 ** (n + 1)));
  });

  it('waits as long as a rate limit asks for', async () => {
    answer = (response) => response.writeHead(429, { 'retry-after': '7' }).end();
    connect();
    await until('it was refused', () => lost.length, 1);
    expect(lost[0]!.retryInMs).toBe(7_000);
  });

  it('is not opened by an answer of another type', async () => {
    answer = (response) => response.writeHead(200, { 'content-type': 'text/html' }).end(HEARTBEAT);
    connect();
    await until('it was refused', () => lost.length > 0);
    expect(verifier.isTrusted).toBe(false);
  });
});
