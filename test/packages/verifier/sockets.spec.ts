import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Module, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { WsAdapter } from '@nestjs/platform-ws';
import { SubscribeMessage, WebSocketGateway, type OnGatewayConnection } from '@nestjs/websockets';
import type { VerifiedSession } from '@latchkey/verifier';
import {
  CurrentSession,
  LatchkeyVerifierModule,
  SessionGuard,
  SessionSockets,
} from '@latchkey/verifier/nest';
import { admitSocket } from '@latchkey/verifier/ws';
import { WebSocket, WebSocketServer } from 'ws';
import { until } from '../../support/until';
import { BOUND, startVerifier, type Fixture } from './fixture';

interface Service {
  url: string;
  stop(): Promise<unknown>;
}

const SERVICES: [string, (fixture: Fixture) => Promise<Service>][] = [
  ['a server of ws', startWs],
  ['a gateway of Nest', startNest],
];
const ASK = JSON.stringify({ event: 'whoami', data: {} });

describe.each(SERVICES)('a socket of %s', (_name, start) => {
  let fixture: Fixture;
  let service: Service;

  beforeEach(async () => {
    fixture = await startVerifier({ deadlineMs: 1_000 });
    service = await start(fixture);
  });
  afterEach(async () => {
    await service.stop();
    await fixture.close();
  });

  const connect = (token: string | undefined) => {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    return new WebSocket(service.url, { headers });
  };
  const answerOf = async (socket: WebSocket) => {
    const [data] = (await once(socket, 'message')) as [Buffer];
    return JSON.parse(data.toString()) as unknown;
  };
  const closeOf = async (socket: WebSocket) => {
    const [code, reason] = (await once(socket, 'close')) as [number, Buffer];
    return `${code} ${reason.toString()}`;
  };

  it('answers a message that was sent before the session was verified', async () => {
    const { token, userId } = await fixture.issuer.issueToken();
    fixture.issuer.hang();
    const socket = connect(token);
    await once(socket, 'open');
    socket.send(ASK);
    await until('the issuer was asked', () => fixture.issuer.introspections > 0);
    fixture.issuer.answer();
    expect(await answerOf(socket)).toEqual({ event: 'whoami', data: { userId } });
    socket.terminate();
  });

  it('takes the token of a browser as a subprotocol, and does not repeat it', async () => {
    const { token } = await fixture.issuer.issueToken();
    const socket = new WebSocket(service.url, ['bearer', token]);
    await once(socket, 'open');
    expect(socket.protocol).toBe('bearer');
    socket.send(ASK);
    await answerOf(socket);
    socket.terminate();
  });

  it('is closed with 4401 without a live session, wherever else a token is', async () => {
    const { token, sessionId } = await fixture.issuer.issueToken();
    const inTheAddress = new WebSocket(`${service.url}?access_token=${token}&token=${token}`);
    expect(await closeOf(inTheAddress)).toBe('4401 token_missing');
    fixture.issuer.endSession(sessionId);
    expect(await closeOf(connect(token))).toBe('4401 token_revoked');
    expect(await closeOf(connect('nonsense'))).toBe('4401 token_invalid');
  });

  it('is closed with 4401 when the session ends', async () => {
    const { token, sessionId } = await fixture.issuer.issueToken();
    const socket = connect(token);
    await once(socket, 'open');
    socket.send(ASK);
    await answerOf(socket);
    fixture.issuer.endSession(sessionId);
    expect(await closeOf(socket)).toBe('4401 token_revoked');
  });

  it('is closed with 1013 when the issuer does not answer', async () => {
    const { token } = await fixture.issuer.issueToken();
    fixture.issuer.hang();
    expect(await closeOf(connect(token))).toBe('1013 dependency_unavailable');
    fixture.issuer.answer();
  });
});

describe('a socket', () => {
  it('delivers no message after the end of its session, also if the client does not close', async () => {
    const fixture = await startVerifier();
    const { issuer, verifier } = fixture;
    const { token } = await issuer.issueToken();
    const calls: string[] = [];
    const socket = {
      readyState: 1,
      pause: () => calls.push('pause'),
      resume: () => calls.push('resume'),
      close: (code: number) => calls.push(`close ${code}`),
      terminate: () => calls.push('terminate'),
      once: () => undefined,
    };
    const headers = { authorization: `Bearer ${token}` };
    await admitSocket(verifier, socket, { headers } as IncomingMessage);
    expect(calls).toEqual(['pause', 'resume']);
    fixture.issuer.silence();
    fixture.issuer.hang();
    fixture.clock.pass(BOUND);
    await until('the issuer was asked', () => issuer.introspections, 2);
    fixture.clock.pass(BOUND + 1);
    await until('the socket is terminated', () => calls.includes('terminate'));
    expect(calls).toEqual(['pause', 'resume', 'pause', 'close 1013', 'terminate']);
    await fixture.close();
  });
});

async function startWs({ verifier }: Fixture): Promise<Service> {
  const server = createServer();
  new WebSocketServer({ server }).on('connection', (socket, request) => {
    void admitSocket(verifier, socket, request).then((session) => {
      socket.on('message', () => {
        socket.send(JSON.stringify({ event: 'whoami', data: { userId: session?.userId } }));
      });
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const stop = async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
  return { url: `ws://127.0.0.1:${port}`, stop };
}

@WebSocketGateway()
class WhoamiGateway implements OnGatewayConnection {
  constructor(private readonly sockets: SessionSockets) {}

  async handleConnection(socket: WebSocket, request: IncomingMessage): Promise<void> {
    await this.sockets.admit(socket, request);
  }

  @UseGuards(SessionGuard)
  @SubscribeMessage('whoami')
  whoami(@CurrentSession() { userId }: VerifiedSession): object {
    return { event: 'whoami', data: { userId } };
  }
}

async function startNest({ issuer: { url, clientId, clientSecret } }: Fixture): Promise<Service> {
  const options = { url, clientId, clientSecret, boundMs: 30_000, deadlineMs: 1_000 };

  @Module({ imports: [LatchkeyVerifierModule.forRoot(options)], providers: [WhoamiGateway] })
  class AppModule {}

  const app = await NestFactory.create(AppModule, new FastifyAdapter(), { logger: false });
  app.useWebSocketAdapter(new WsAdapter(app));
  await app.listen(0, '127.0.0.1');
  const address = new URL(await app.getUrl());
  return { url: `ws://127.0.0.1:${address.port}`, stop: async () => app.close() };
}
