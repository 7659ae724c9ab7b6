import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Controller, Get, Module, UseGuards, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { VerifiedSession } from '@latchkey/verifier';
import { requireSession as expressSession, sessionOf } from '@latchkey/verifier/express';
import { requireSession as fastifySession } from '@latchkey/verifier/fastify';
import { CurrentSession, LatchkeyVerifierModule, SessionGuard } from '@latchkey/verifier/nest';
import express from 'express';
import fastify from 'fastify';
import { until } from '../../support/until';
import { startVerifier, type Fixture } from './fixture';

/** A service, and how it is stopped. */
interface Service {
  url: string;
  stop(): Promise<unknown>;
}

const SERVICES: [string, (fixture: Fixture) => Promise<Service>][] = [
  ['Express', startExpress],
  ['Fastify', startFastify],
  ['Nest on Fastify', startNest],
];

describe.each(SERVICES)('%s', (_name, start) => {
  let fixture: Fixture;
  let service: Service;

  beforeAll(async () => {
    fixture = await startVerifier({ deadlineMs: 500 });
    service = await start(fixture);
  });
  afterAll(async () => {
    await service.stop();
    await fixture.close();
  });

  const call = async (headers: Record<string, string> = {}) =>
    fetch(`${service.url}/whoami`, { headers });
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

  it('serves a live session', async () => {
    const { token, userId } = await fixture.issuer.issueToken();
    const response = await call(bearer(token));
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ userId });
  });

  it('answers a missing token without naming an error', async () => {
    const response = await call();
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe('Bearer realm="latchkey"');
    expect(await response.json()).toMatchObject({ code: 'token_missing' });
    expect((await call({ authorization: 'Basic YTpi' })).status).toBe(401);
  });

  it('answers an invalid, an expired and a revoked token with problem+json', async () => {
    const { issuer } = fixture;
    const expired = await issuer.issueToken({ expiresInSeconds: -1 });
    const revoked = await issuer.issueToken();
    issuer.endSession(revoked.sessionId);
    const refused = [
      ['nonsense', 'token_invalid'],
      [expired.token, 'token_expired'],
      [revoked.token, 'token_revoked'],
    ] as const;
    for (const [token, code] of refused) {
      const response = await call(bearer(token));
      expect(response.status).toBe(401);
      expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/);
      expect(response.headers.get('www-authenticate')).toMatch(
        /^Bearer realm="latchkey", error="invalid_token", error_description="[^"]+"$/,
      );
      expect(await response.json()).toEqual({
        type: `urn:latchkey:problem:${code}`,
        title: expect.any(String) as string,
        status: 401,
        detail: expect.any(String) as string,
        code,
      });
    }
  });

  it('answers 503 with Retry-After when the issuer does not answer', async () => {
    const { token } = await fixture.issuer.issueToken();
    fixture.issuer.hang();
    const response = await call(bearer(token));
    fixture.issuer.answer();
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('1');
    expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(await response.json()).toMatchObject({ code: 'dependency_unavailable' });
  });
});

describe('LatchkeyVerifierModule', () => {
  it('closes its verifier with the application', async () => {
    const fixture = await startVerifier();
    const service = await startNest(fixture);
    await until('two verifiers are connected', () => fixture.issuer.streams, 2);
    await service.stop();
    await until('one is left', () => fixture.issuer.streams, 1);
    await fixture.close();
  });
});

async function startExpress({ verifier }: Fixture): Promise<Service> {
  const app = express();
  app.use(expressSession(verifier));
  app.get('/whoami', (request, response) => {
    response.json({ userId: sessionOf(request).userId });
  });
  return listen(createServer(app as RequestListener));
}

async function startFastify({ verifier }: Fixture): Promise<Service> {
  const app = fastify();
  app.addHook('onRequest', fastifySession(verifier));
  app.get('/whoami', (request) => ({ userId: sessionOf(request).userId }));
  return { url: await app.listen({ port: 0, host: '127.0.0.1' }), stop: async () => app.close() };
}

@Controller()
class WhoamiController {
  @UseGuards(SessionGuard)
  @Get('whoami')
  whoami(@CurrentSession() { userId }: VerifiedSession): object {
    return { userId };
  }
}

async function startNest({ issuer: { url, clientId, clientSecret } }: Fixture): Promise<Service> {
  const options = { url, clientId, clientSecret, boundMs: 30_000, deadlineMs: 500 };

  @Module({
    imports: [LatchkeyVerifierModule.forRoot(options)],
    controllers: [WhoamiController],
  })
  class AppModule {}

  const app: INestApplication = await NestFactory.create(AppModule, new FastifyAdapter(), {
    logger: false,
  });
  await app.listen(0, '127.0.0.1');
  return { url: await app.getUrl(), stop: async () => app.close() };
}

async function listen(server: Server): Promise<Service> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
