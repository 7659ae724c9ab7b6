import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { Body, Controller, Get, Logger, Param, Post } from '@nestjs/common';
import { createLogger } from '../../apps/api/log/logger';
import { Public } from '../../libs/http';
import { DependencyUnavailableError } from '../../libs/common';
import { RateLimitedError } from '../../libs/rate-limit';
import { Database } from '../../libs/database';
import { LastSeenTracker } from '../../libs/session/verify/last-seen.tracker';
import { SessionRepository } from '../../libs/session/store/session.repository';
import { startTestApp, type TestApp } from '../support/app';
import type { Call } from '../support/http-client';
import { until } from '../support/until';

interface Line {
  level: number;
  msg: string;
  context?: string;
  requestId?: string;
  userId?: string;
  sessionId?: string;
  status?: number;
  code?: string;
}

/** Logs from deep inside, like a library that has no request. */
@Controller('speaking')
class SpeakingController {
  private readonly logger = new Logger('Deep');

  constructor(private readonly database: Database) {}

  @Get()
  async speak() {
    await this.say('plain');
    return {};
  }

  @Public()
  @Post()
  async speakOfBody(@Body() { text }: { text: string }) {
    await this.say(text);
    return {};
  }

  @Get('refused/:code')
  refuse(@Param('code') code: string) {
    throw code === 'rate_limited'
      ? new RateLimitedError('account', { limit: 1, remaining: 0, resetSeconds: 1 })
      : new DependencyUnavailableError('postgres');
  }

  private async say(text: string): Promise<void> {
    await this.database.run((manager) => manager.query('SELECT 1'));
    await pause(1);
    await new Promise<void>((resolve) => {
      setImmediate(() => {
        this.logger.log(`said ${text}`);
        resolve();
      });
    });
  }
}

describe('the log', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startTestApp({ more: { controllers: [SpeakingController] } });
  });

  afterAll(async () => {
    await app.close();
  });

  function lines(): Line[] {
    return app.log.map((line) => JSON.parse(line) as Line);
  }

  /** The lines of a request, once its last one is written. */
  function linesOf(requestId: string): Promise<Line[]> {
    return until(
      'the answer is logged',
      () => lines().filter((line) => line.requestId === requestId),
      (written) => written.some(({ msg }) => msg === 'answered'),
    );
  }

  let calls = 0;

  async function call(method: string, path: string, call: Call = {}) {
    calls += 1;
    const requestId = `log-${calls}`;
    const headers = { 'x-request-id': requestId, ...call.headers };
    const answer = await app.http.call(method, path, { ...call, headers });
    return { answer, lines: await linesOf(requestId), requestId };
  }

  it('names request, user and session on every line of a request, libraries included', async () => {
    const { accessToken: token, user, session } = await app.register();
    const { answer, lines, requestId } = await call('GET', '/api/speaking', { token });
    expect(answer.headers.get('x-request-id')).toBe(requestId);
    expect(lines.map(({ msg }) => msg)).toEqual(['said plain', 'answered']);
    for (const line of lines) {
      expect(line).toMatchObject({ requestId, userId: user.id, sessionId: session.id });
    }
  });

  it('names the request behind a body too, also where a connection has many', async () => {
    const texts = Array.from({ length: 20 }, (_, index) => `body ${index}`);
    const all = await Promise.all(
      texts.map((text) => call('POST', '/api/speaking', { json: { text } })),
    );
    all.forEach(({ answer, lines }, index) => {
      expect(answer.status).toBe(201);
      expect(lines.map(({ msg }) => msg)).toEqual([`said body ${index}`, 'answered']);
    });
  });

  it('names the request behind a body that arrives late and in pieces', async () => {
    const body = JSON.stringify({ text: 'late' });
    const request = httpRequest(`${app.http.origin}/api/speaking`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'content-length': body.length,
        'x-request-id': 'log-late',
      },
    });
    request.flushHeaders();
    for (const piece of [body.slice(0, 5), body.slice(5)]) {
      await pause(50);
      request.write(piece);
    }
    request.end();
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    response.resume();
    const lines = await linesOf('log-late');
    expect(lines.map(({ msg }) => msg)).toEqual(['said late', 'answered']);
  });

  it('names no user before the token is verified, and no other afterwards', async () => {
    const { accessToken: token } = await app.register();
    await call('GET', '/api/speaking', { token });
    const { answer, lines } = await call('GET', '/api/speaking', { token: 'not a token' });
    expect(answer.status).toBe(401);
    expect(lines).toHaveLength(1);
    expect(lines[0]).not.toHaveProperty('userId');
    expect(lines[0]).not.toHaveProperty('sessionId');
  });

  it('names the user who has signed in', async () => {
    const { user } = await app.register();
    const json = { email: user.email, password: 'correct horse battery staple' };
    const { answer, lines } = await call('POST', '/api/auth/login', { json });
    const { session } = answer.body as { session: { id: string } };
    expect(lines.at(-1)).toMatchObject({
      msg: 'answered',
      userId: user.id,
      sessionId: session.id,
    });
  });

  describe('has the reason of a refusal', () => {
    const PATHS = ['/api/speaking', '/api/auth/profile', '/api/auth/verify'];

    it.each(PATHS)('and the user and session of a revoked or expired token: %s', async (path) => {
      const { accessToken: token, user, session } = await app.register();
      const whose = { userId: user.id, sessionId: session.id };
      const { accessToken: neverUsed, session: other } = await app.login(user.email);
      await call('POST', '/api/auth/logout', { token });
      const revoked = await call('GET', path, { token });
      expect(revoked.lines).toMatchObject([{ status: 401, code: 'token_revoked', ...whose }]);
      app.clock.advance(25 * 3_600_000);
      for (const [one, sessionId] of [
        [token, session.id],
        [neverUsed, other.id],
      ] as const) {
        const expired = await call('GET', path, { token: one });
        expect(expired.lines).toMatchObject([
          { status: 401, code: 'token_expired', userId: user.id, sessionId },
        ]);
      }
    });

    it('and takes no user from a token with a wrong signature', async () => {
      const { accessToken: token } = await app.register();
      const [header, claims] = token.split('.');
      const forged = `${header}.${claims}.${'A'.repeat(43)}`;
      const { lines } = await call('GET', '/api/auth/profile', { token: forged });
      expect(lines).toMatchObject([{ status: 401, code: 'token_invalid' }]);
      expect(lines[0]).not.toHaveProperty('userId');
      expect(lines[0]).not.toHaveProperty('sessionId');
    });

    it.each([
      ['/api/admin/nothing', 'not_found', 404],
      [`/api/admin/users/00000000-0000-4000-8000-000000000000/sessions`, 'forbidden', 403],
      ['/api/speaking/refused/rate_limited', 'rate_limited', 429],
      ['/api/speaking/refused/dependency_unavailable', 'dependency_unavailable', 503],
    ])('by the code of its answer: %s %s', async (path, code, status) => {
      const { accessToken: token, user } = await app.register();
      const { answer, lines } = await call('GET', path, { token });
      expect([answer.status, answer.body.code]).toEqual([status, code]);
      expect(lines.at(-1)).toMatchObject({ status, code });
      if (status !== 404) {
        expect(lines.at(-1)).toMatchObject({ userId: user.id });
      }
    });

    it('and has no code where no request was refused', async () => {
      const { accessToken: token } = await app.register();
      const { lines } = await call('GET', '/api/auth/profile', { token });
      expect(lines.at(-1)).not.toHaveProperty('code');
    });
  });

  it('names each field once a line', async () => {
    const { accessToken: token } = await app.register();
    const { requestId } = await call('GET', '/api/speaking', { token });
    for (const line of app.log.filter((one) => one.includes(requestId))) {
      expect(line.match(/"(requestId|userId|sessionId)":/g)).toHaveLength(3);
    }
  });

  it.each([
    ['GET', '/api/nothing-here'],
    ['POST', '/api/auth/login'],
  ])('names a request that fails before any handler (%s %s)', async (method, path) => {
    const raw = method === 'POST' ? '{"email":' : undefined;
    const { answer, lines, requestId } = await call(method, path, raw === undefined ? {} : { raw });
    expect(answer.body.requestId).toBe(requestId);
    expect(lines.map(({ msg }) => msg)).toEqual(['answered']);
  });

  it.each(['no spaces', 'ä', 'x'.repeat(129), '<script>'])(
    'takes no request id like %j',
    async (given) => {
      const headers = { 'x-request-id': Buffer.from(given).toString('latin1') };
      const answer = await app.http.get('/api/auth/verify', { headers });
      const requestId = answer.headers.get('x-request-id')!;
      expect(requestId).toMatch(/^[0-9a-f]{32}$/);
      expect(requestId).not.toBe(given);
      expect(await linesOf(requestId)).toHaveLength(1);
    },
  );

  it('removes headers that hold secrets, also when a library logs them', () => {
    const lines: string[] = [];
    const logger = createLogger('info', { write: (line) => void lines.push(line) });
    const headers = { authorization: 'Bearer x', cookie: 'y', 'set-cookie': ['z'], accept: '*' };
    const holders = [{ headers }, { req: { headers } }, { request: { headers } }];
    for (const holder of [...holders, { res: { headers } }, { response: { headers } }]) {
      logger.info(holder, 'careless');
    }
    expect(lines).toHaveLength(5);
    for (const line of lines) {
      expect(line).toContain('"accept":"*"');
      expect(line.match(/"\[Redacted\]"/g)).toHaveLength(3);
      expect(line).not.toMatch(/Bearer|"y"|"z"/);
    }
  });

  it('names no request where it writes for several requests at once', async () => {
    const { accessToken: token } = await app.register();
    const touch = jest
      .spyOn(app.nest.get(SessionRepository), 'touch')
      .mockRejectedValue(new Error('a failure for the log'));
    await app.nest.get(LastSeenTracker).flush();
    app.clock.advance(61_000);
    await call('GET', '/api/speaking', { token });
    const failures = () =>
      lines().filter(({ context, requestId }) => context === 'LastSeen' && requestId === undefined);
    const before = failures().length;
    await until('the failure is logged', failures, ({ length }) => length > before);
    touch.mockRestore();
    expect(lines().filter((line) => line.context === 'LastSeen' && line.requestId)).toEqual([]);
  });
});
