import { Controller, Get } from '@nestjs/common';
import { EventQueue } from '../../libs/audit/event-queue';
import { Public } from '../../libs/http';
import { newEmail, PASSWORD, startTestApp, type TestApp } from '../support/app';
import { codeIn, productSources, readText, rowsIn, sectionOf } from '../support/document';
import { auditRows, loggedEvents } from '../support/audit-events';
import { sharedStores } from '../support/shared-stores';
import { TcpProxy } from '../support/tcp-proxy';
import { until } from '../support/until';

type Line = Record<string, unknown>;

/** The parts of a failure that no client may see. */
const INSIDE = 'SELECT secret_hash FROM refresh_tokens at 10.1.2.3';

@Public()
@Controller('failing')
class FailingController {
  @Get()
  fail() {
    throw new Error(INSIDE);
  }

  @Get('later')
  async failLater() {
    await Promise.reject(new TypeError(INSIDE));
  }

  @Get('text')
  failWithText() {
    // eslint-disable-next-line @typescript-eslint/only-throw-error
    throw INSIDE;
  }
}

let app: TestApp;

beforeAll(async () => {
  app = await startTestApp({ more: { controllers: [FailingController] } });
});

afterAll(async () => {
  await app.close();
});

function linesOf(requestId: string): Line[] {
  return app.log
    .map((line) => JSON.parse(line) as Line)
    .filter((line) => line.requestId === requestId);
}

/** The log line of an answer, once it is written. */
function answeredLine(requestId: string): Promise<Line> {
  return until('the answer is logged', () =>
    linesOf(requestId).find(({ msg }) => msg === 'answered'),
  );
}

/** Written synchronously, so that the exit of a process loses no line. */
const STANDARD_OUTPUT = 'pino.destination({ dest: 1, sync: true })';

describe('the documented log', () => {
  const inventory = rowsIn(sectionOf('docs/security.md', 'Logs'));

  it('V16.1.1: has for each layer the content, the format, the place, the readers and the retention', () => {
    expect(inventory.length).toBeGreaterThanOrEqual(6);
    expect(inventory.filter((row) => Object.values(row).some((cell) => cell === ''))).toEqual([]);
  });

  it('V16.1.1, V16.2.3: is written to the place of the inventory, and to no file', () => {
    expect(inventory[0]?.['where it goes']).toBe('standard output, nothing else');
    expect(codeIn(inventory[1]?.['where it goes'] ?? '')).toEqual(['audit_events']);
    for (const path of ['apps/api/log/logger.ts', 'apps/api/log/log-output.ts']) {
      expect(readText(path).match(/pino\.destination\(.*?\)/g)).toEqual([STANDARD_OUTPUT]);
      expect(readText(path)).not.toMatch(
        /pino\.(?:transport|multistream)|createWriteStream|node:fs/,
      );
    }
  });

  it('V16.2.3: is written by no other source', () => {
    const writing = productSources().filter((path) =>
      /pino\.(?:destination|transport|multistream)|createWriteStream|(?:append|write)File|writeSync|process\.std(?:out|err)\.write\(|console\.\w+\(/.test(
        readText(path),
      ),
    );
    expect(writing).toEqual([
      'apps/api/log/log-output.ts',
      'apps/api/log/logger.ts',
      // Messages of a start that fails.
      'apps/api/log/start-failure.ts',
      // Output of the command line.
      'apps/cli/actions/clean-up.ts',
      'apps/cli/output.ts',
      'apps/cli/run.ts',
      // Keys and pictures.
      'libs/auth/keys/key-directory.ts',
      'libs/avatar/storage/disk-avatar.storage.ts',
    ]);
  });
});

describe('a line of the log', () => {
  it('V16.2.1, V16.2.2: has the time, the process, the user and the request', async () => {
    const { user, session, accessToken: token } = await app.register();
    const before = Date.now();
    await app.http.get('/api/auth/profile', { token, headers: { 'x-request-id': 'v16-when' } });
    const line = await answeredLine('v16-when');
    expect(line).toMatchObject({
      level: 30,
      pid: process.pid,
      hostname: expect.any(String) as unknown,
      userId: user.id,
      sessionId: session.id,
      method: 'GET',
      route: '/api/auth/profile',
      status: 200,
    });
    expect(line.time).toBeGreaterThanOrEqual(before);
    expect(line.time).toBeLessThanOrEqual(Date.now());
  });

  it('V16.2.2: of an event has the same instant as its row, which has a time zone', async () => {
    const { user } = await app.register();
    await app.login(user.email);
    await app.nest.get(EventQueue).flush();
    const rows = (await auditRows(app.database.sql)).filter((row) => row.user_id === user.id);
    const types = await app.database.sql.query<{ type: string }[]>(
      `SELECT data_type AS type FROM information_schema.columns
       WHERE table_name = 'audit_events' AND column_name = 'occurred_at'`,
    );
    expect(types).toEqual([{ type: 'timestamp with time zone' }]);
    const lines = loggedEvents(app).filter((line) => line.userId === user.id);
    expect(lines.map(({ event }) => event)).toEqual(rows.map(({ name }) => name));
    for (const [index, { occurred_at }] of rows.entries()) {
      expect(Math.abs(Number(lines[index]?.time) - occurred_at.getTime())).toBeLessThan(60_000);
    }
  });

  it('V16.3.1: has the result, the account and the address of a sign-in', async () => {
    const { user } = await app.register();
    const login = (password: string, id: string) =>
      app.http.post('/api/auth/login', {
        json: { email: user.email, password },
        headers: { 'x-request-id': id },
      });
    await login('a wrong password', 'v16-wrong');
    await login(PASSWORD, 'v16-right');
    const events = ['v16-wrong', 'v16-right'].flatMap((id) =>
      linesOf(id).filter(({ event }) => event !== undefined),
    );
    expect(events).toMatchObject([
      { event: 'login_failed', level: 40, userId: user.id, ip: '127.0.0.1' },
      { event: 'login_succeeded', level: 30, userId: user.id, ip: '127.0.0.1' },
    ]);
  });

  it.each([
    ['POST', '/api/auth/introspect', { authorization: 'Basic Ym9iOmJvYg==' }],
    ['POST', '/api/auth/refresh', {}],
  ])(
    'V16.3.1: has the address of a refused %s %s',
    async (method, path, more: Record<string, string>) => {
      const id = `v16-${path.slice(10)}`;
      const isForm = path.endsWith('introspect');
      await app.http.call(method, path, {
        raw: isForm ? 'token=x' : '{"refreshToken":"x"}',
        headers: {
          ...more,
          'x-request-id': id,
          'content-type': isForm ? 'application/x-www-form-urlencoded' : 'application/json',
        },
      });
      expect(await answeredLine(id)).toMatchObject({ status: 401 });
      expect(linesOf(id).some(({ ip }) => ip === '127.0.0.1')).toBe(true);
    },
  );

  it('V16.3.1: has the address and the user of a refused access token', async () => {
    const { user, session, accessToken: token } = await app.register();
    await app.http.post('/api/auth/logout', { token });
    const ask = (bearer: string, id: string) =>
      app.http.get('/api/auth/profile', { token: bearer, headers: { 'x-request-id': id } });
    await ask(token, 'v16-revoked');
    await ask(`${token}x`, 'v16-forged');
    const refused = { status: 401, route: '/api/auth/profile', ip: '127.0.0.1' };
    expect(await answeredLine('v16-revoked')).toMatchObject({
      ...refused,
      userId: user.id,
      sessionId: session.id,
    });
    const forged = await answeredLine('v16-forged');
    expect(forged).toMatchObject(refused);
    expect(forged.userId).toBeUndefined();
  });

  it('V16.3.2: names the user who requested a resource of another user', async () => {
    const [{ session: other }, { user, session, accessToken: token }] = await Promise.all([
      app.register(),
      app.register(),
    ]);
    const path = `/api/auth/sessions/${other.id}`;
    await app.http.delete(path, { token, headers: { 'x-request-id': 'v16-not-found' } });
    expect(await answeredLine('v16-not-found')).toMatchObject({
      status: 404,
      userId: user.id,
      sessionId: session.id,
      method: 'DELETE',
      route: '/api/auth/sessions/:id',
    });
  });

  it('V16.3.2: names the user whose role is insufficient', async () => {
    const { user, session, accessToken: token } = await app.register();
    const path = `/api/admin/users/${user.id}/sessions`;
    await app.http.get(path, { token, headers: { 'x-request-id': 'v16-forbidden' } });
    expect(await answeredLine('v16-forbidden')).toMatchObject({
      status: 403,
      userId: user.id,
      sessionId: session.id,
      method: 'GET',
      route: '/api/admin/users/:id/sessions',
    });
  });

  it.each([
    ['a field too much', { json: { email: 'a@b.co', password: 'x', role: 'admin' } }, 400],
    ['a key of the prototype', { raw: '{"__proto__":{"role":"admin"}}' }, 400],
    ['a body too large', { raw: `{"email":"${'a'.repeat(100_000)}"}` }, 413],
    ['a form of another site', { raw: 'email=a', headers: { 'content-type': 'text/plain' } }, 415],
  ])('V16.3.3: is written for %s', async (what, call: object, status) => {
    const id = `v16-${what.replaceAll(' ', '-')}`;
    const headers = { ...(call as { headers?: object }).headers, 'x-request-id': id };
    await app.http.post('/api/auth/login', { ...call, headers });
    expect(await answeredLine(id)).toMatchObject({ status, route: '/api/auth/login' });
  });

  it.each([
    ['an unknown address', '/api/%0aINFO%20forged', 404],
    ['a broken one', '/api/%zz', 400],
  ])('V16.4.1: contains no text of %s', async (_what, path, status) => {
    const id = `v16-${status}`;
    const before = app.log.length;
    const answer = await app.http.get(path, { headers: { 'x-request-id': id } });
    expect(answer.status).toBe(status);
    expect(app.log.slice(before).join('')).not.toMatch(/forged|%zz|%0a/);
    for (const line of app.log) {
      expect(line).toMatch(/^\{[^\n]*\}\n$/);
    }
  });
});

describe('an unexpected error', () => {
  it.each(['/api/failing', '/api/failing/later', '/api/failing/text'])(
    'V16.5.1, V16.3.4: at %s is in the log, and not in the answer',
    async (path) => {
      const id = `v16-${path.length}`;
      const answer = await app.http.get(path, { headers: { 'x-request-id': id } });
      expect(answer.status).toBe(500);
      expect(answer.body).toEqual({
        type: 'urn:latchkey:problem:internal_error',
        title: 'Internal error',
        status: 500,
        detail: 'The server failed to process the request.',
        code: 'internal_error',
        requestId: id,
      });
      const line = linesOf(id).find(({ msg }) => msg === 'unexpected error');
      expect(line).toMatchObject({ level: 50, context: 'Problem' });
      // The frames, and not the message, which may quote input.
      const { message, stack } = line?.err as { message: string; stack?: string };
      expect(message).toBe('message withheld: it may quote data');
      if (path !== '/api/failing/text') {
        expect(stack).toContain('FailingController.fail');
      }
    },
  );

  it('V16.5.3: leaves the process serving', async () => {
    await app.http.get('/api/failing');
    expect((await app.http.get('/health/live')).status).toBe(200);
    const { accessToken: token } = await app.register();
    expect((await app.http.get('/api/auth/profile', { token })).status).toBe(200);
  });
});

describe('a store that is missing or has no TLS', () => {
  it('V16.3.4: is logged when Postgres cannot be reached', async () => {
    const postgres = await TcpProxy.start(Number(new URL(sharedStores().postgresUrl).port));
    const other = await startTestApp({ postgresPort: postgres.port });
    try {
      postgres.cut();
      const json = { email: newEmail(), password: PASSWORD };
      expect((await other.http.post('/api/auth/login', { json })).status).toBe(503);
      const lines = other.log.map((line) => JSON.parse(line) as Line);
      expect(lines.find(({ msg }) => msg === 'store unavailable')).toMatchObject({
        level: 40,
        dependency: 'postgres',
        reason: expect.any(String) as unknown,
      });
    } finally {
      postgres.restore();
      await other.close();
      postgres.stop();
    }
  });

  it('V16.3.4: is logged, and gets no command, when it lacks the required TLS', async () => {
    const url = new URL(app.redis.url);
    url.protocol = 'rediss:';
    const other = await startTestApp({ env: { REDIS_URL: url.href } });
    try {
      // Beside the line of a start that does not wait for Redis.
      const complaint = /"level":40,.*"msg":"Redis is away: (?!starting without it)/;
      await until(
        'the log says that Redis is away',
        () => other.log,
        (lines) => lines.some((line) => complaint.test(line)),
      );
      // Requests are answered without Redis.
      const { accessToken: token } = await other.register();
      expect((await other.http.get('/api/auth/profile', { token })).status).toBe(200);
    } finally {
      await other.close();
    }
  });
});
