import type { AuthResultDto } from '../../apps/api/auth/auth.dto';
import { ApiProcess } from '../support/api-process';
import { useApiSuite } from '../support/api-suite';
import { newEmail, PASSWORD } from '../support/app';
import { inTurns } from '../support/in-turns';
import { someOf } from '../support/long-tests';
import { OtlpCollector, type CollectedSpan } from '../support/otlp-collector';
import { until } from '../support/until';
import { wholeLines } from '../support/whole-lines';

const PROFILE = '/api/auth/profile';
const LOGIN = '/api/auth/login';
/** No server listens there. */
const DEAD_COLLECTOR = 'http://127.0.0.1:9';

describe('traces', () => {
  const suite = useApiSuite();
  let collector: OtlpCollector;

  function settings(): Record<string, string> {
    return {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
      OTEL_BSP_SCHEDULE_DELAY: '100',
    };
  }

  async function start(env: Record<string, string> = {}): Promise<ApiProcess> {
    return (await suite.spawn({ ...settings(), ...env })).untilServing();
  }

  async function register(server: ApiProcess, email = newEmail()): Promise<AuthResultDto> {
    const json = { email, password: PASSWORD };
    return (await server.http.post<AuthResultDto>('/api/auth/register', { json })).body;
  }

  /** The one trace whose server span has this name, once it is complete. */
  async function traceOf(name: string): Promise<CollectedSpan[]> {
    const traces = await until(
      `a trace of ${name} is exported`,
      () => collector.tracesWith(name),
      ({ length }) => length > 0,
    );
    expect(traces).toHaveLength(1);
    return traces[0]!;
  }

  /** Names from the server span down to a span. */
  function pathTo(span: CollectedSpan, trace: CollectedSpan[]): string[] {
    const parent = trace.find(({ spanId }) => spanId === span.parentSpanId);
    return parent ? [...pathTo(parent, trace), span.name] : [span.name];
  }

  function spanCalled(name: string, trace: CollectedSpan[]): CollectedSpan {
    const found = trace.filter((span) => span.name === name);
    expect([name, found.length]).toEqual([name, 1]);
    return found[0]!;
  }

  const queriesIn = (trace: CollectedSpan[]) =>
    trace.filter(({ attributes }) => attributes['db.system.name'] === 'postgresql');

  describe('of one process', () => {
    let server: ApiProcess;

    beforeAll(async () => {
      collector = await OtlpCollector.start();
      const env = {
        ...suite.stores(),
        ...settings(),
        OTEL_SERVICE_NAME: 'sessions',
        PUBLIC_URL: 'https://example.com/auth',
      };
      server = await ApiProcess.spawn(env);
      await server.untilServing();
    });

    // Each test waits for the last of its spans, which arrive in the order of their ends.
    beforeEach(() => collector.clear());

    afterAll(async () => {
      await server.kill();
      collector.stop();
    });

    it('of a profile that is not cached go from HTTP through the handler to Redis and Postgres', async () => {
      const { accessToken: token } = await register(server);
      expect((await server.http.get(PROFILE, { token })).headers.get('x-cache')).toBe('MISS');

      const name = `GET ${PROFILE}`;
      const trace = await traceOf(name);
      const root = spanCalled(name, trace);
      expect([root.kind, root.parentSpanId]).toEqual(['server', undefined]);
      expect(root.attributes).toMatchObject({
        'http.route': PROFILE,
        'http.request.method': 'GET',
        'http.response.status_code': 200,
      });
      const handler = [name, 'ProfileController.read'];
      expect(pathTo(spanCalled('verify-sessions', trace), trace)).toEqual([
        name,
        'verify-sessions',
      ]);
      for (const script of ['lease-entry', 'fill-entry']) {
        const span = spanCalled(script, trace);
        expect(pathTo(span, trace)).toEqual([...handler, script]);
        expect([span.kind, span.attributes]).toEqual([
          'client',
          { 'db.system.name': 'redis', 'db.operation.name': script },
        ]);
      }
      // Sent together: the settings of the transaction, the statement, its end.
      const queries = queriesIn(trace);
      expect(queries.map((query) => pathTo(query, trace))).toEqual(
        ['BEGIN', 'SELECT', 'COMMIT'].map((command) => [
          ...handler,
          expect.stringMatching(`^pg\\.query:${command}`) as string,
        ]),
      );
      const [, query] = queries;
      expect(query!.attributes['db.query.text']).toMatch(/^SELECT .* FROM "?users"?/s);
      expect(collector.requests.map(({ path }) => path)).toContain('/v1/traces');
      expect(collector.resource).toMatchObject({ 'service.name': 'sessions' });
    });

    it('of a sign-in have all its statements and scripts, also in the transaction', async () => {
      const email = newEmail();
      await register(server, email);
      const json = { email, password: PASSWORD };
      expect((await server.http.post(LOGIN, { json })).status).toBe(200);

      const name = `POST ${LOGIN}`;
      const trace = await traceOf(name);
      const handler = [name, 'AuthController.login'];
      expect(pathTo(spanCalled('open-session', trace), trace)).toEqual([
        ...handler,
        'open-session',
      ]);
      const texts = queriesIn(trace).map((query) => {
        expect(pathTo(query, trace).slice(0, 2)).toEqual(handler);
        return String(query.attributes['db.query.text']);
      });
      expect(texts.some((text) => text.includes('INSERT INTO sessions'))).toBe(true);
      expect(texts.some((text) => text.includes('users'))).toBe(true);
      expect(collector.resource).toMatchObject({ 'service.name': 'sessions' });
    });

    it('continue the trace of the caller, and are on the lines of the log', async () => {
      const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
      const parent = '00f067aa0ba902b7';
      const headers = { traceparent: `00-${traceId}-${parent}-01` };
      expect((await server.http.get(PROFILE, { headers })).status).toBe(401);
      const trace = await traceOf(`GET ${PROFILE}`);
      expect(trace.map((span) => [span.traceId, span.parentSpanId])).toEqual([[traceId, parent]]);
      const line = await until('the answer is logged', () => {
        const answered = wholeLines(server.output).filter((one) => one.includes('"answered"'));
        return answered.find((one) => one.includes(PROFILE) && one.includes('"status":401'));
      });
      expect(JSON.parse(line)).toMatchObject({ traceId, status: 401 });
    });

    it('of concurrent requests do not mix', async () => {
      const users = await inTurns(8, 8, () => register(server));
      await Promise.all(users.map(({ accessToken: token }) => server.http.get(PROFILE, { token })));
      const name = `GET ${PROFILE}`;
      await until('every trace is exported', () => collector.tracesWith(name).length, users.length);
      for (const trace of collector.tracesWith(name)) {
        const scripts = trace.filter(({ attributes }) => attributes['db.system.name'] === 'redis');
        expect(scripts.map((script) => script.name).sort()).toEqual([
          'fill-entry',
          'lease-entry',
          'verify-sessions',
        ]);
      }
    });

    it('leave out probes and metrics, and background work', async () => {
      await server.http.get('/health/ready');
      await server.http.get('/metrics');
      await server.http.get('/auth/health/ready');
      await server.http.get('/nowhere');
      await until('a span is exported', () => collector.spans.length);
      await until('Redis has a checkpoint', () => suite.redis.client.get('latchkey:checkpoint'));
      server.signal('SIGTERM');
      await server.ended;
      expect(collector.spans.map(({ name }) => name)).toEqual(['GET']);
    });
  });

  describe('of a process of their own', () => {
    beforeEach(async () => {
      collector = await OtlpCollector.start();
    });

    afterEach(() => {
      collector.stop();
    });

    it('contain no token, password, address or id', async () => {
      const server = await start();
      const email = newEmail();
      const { accessToken, refreshToken, user, session } = await register(server, email);
      const json = { email, password: PASSWORD };
      const token = accessToken;
      const headers = { 'user-agent': 'an agent of the tests', cookie: 'biscuit=1' };
      await server.http.get(`${PROFILE}?access_token=${token}`, { token, headers });
      await server.http.put(PROFILE, { token, json: { bio: 'a secret bio' } });
      await server.http.post(LOGIN, { json: { ...json, password: 'wrong password' } });
      await server.http.post('/api/auth/register', { json });
      await server.http.post('/api/auth/refresh', { json: { refreshToken } });
      await server.http.delete(`/api/auth/sessions/${session.id}`, { token });
      await server.http.get(`/nowhere/${user.id}`, { token });
      server.signal('SIGTERM');
      expect(await server.ended).toBe('exit code 0');

      const names = new Set(collector.spans.map(({ name }) => name));
      expect(names).toContain('DELETE /api/auth/sessions/:id');
      expect(collector.resource).toMatchObject({ 'service.name': 'latchkey' });
      const sent = collector.requests.map(({ body }) => body).join('\n');
      const secrets = [accessToken, refreshToken, email, user.id, session.id, PASSWORD];
      for (const secret of [...secrets, 'a secret bio', 'wrong password', 'biscuit', 'an agent']) {
        expect(sent).not.toContain(secret);
      }
      for (const part of accessToken.split('.')) {
        expect(sent).not.toContain(part);
      }
      expect(sent).not.toMatch(/\$argon2|authorization/i);
    });

    const SAMPLERS: [env: Record<string, string>, flags: string][] = [
      [{ OTEL_TRACES_SAMPLER: 'always_off' }, '-01'],
      [{ OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '0' }, '-01'],
      [{ OTEL_TRACES_SAMPLER: 'parentbased_always_on' }, '-00'],
    ];

    it.each(someOf(SAMPLERS, 1))(
      'are not recorded with %j for a caller whose flags are %s',
      async (env, flags) => {
        const server = await start(env);
        const traceparent = `00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7${flags}`;
        const { status } = await server.http.get(PROFILE, { headers: { traceparent } });
        expect(status).toBe(401);
        server.signal('SIGTERM');
        expect(await server.ended).toBe('exit code 0');
        expect(collector.requests).toEqual([]);
      },
    );

    describe.each(someOf(['dead', 'refusing'], 1))('with a collector that is %s', (state) => {
      it('are lost: one warning, no other answer, and an end in time', async () => {
        collector.status = 500;
        const endpoint = state === 'dead' ? DEAD_COLLECTOR : collector.endpoint;
        const server = await start({
          OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
          SHUTDOWN_TIMEOUT: '5s',
        });
        const { accessToken: token } = await register(server);
        const lost = () =>
          server.logged('warn').filter((line) => line.startsWith('traces are lost'));
        await until('a warning is logged', async () => {
          expect((await server.http.get(PROFILE, { token })).status).toBe(200);
          return lost().length;
        });
        const answers = await inTurns(200, 10, () => server.http.get(PROFILE, { token }));
        expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
        server.signal('SIGTERM');
        expect(await server.ended).toBe('exit code 0');
        expect(lost()).toHaveLength(1);
        expect([server.logged('error'), server.complaint]).toEqual([[], '']);
      });
    });

    it('with a collector that hangs do not delay the end of the process', async () => {
      const server = await start({
        OTEL_BSP_SCHEDULE_DELAY: '60000',
        SHUTDOWN_TIMEOUT: '5s',
      });
      await server.http.get(PROFILE);
      collector.hang();
      server.signal('SIGTERM');
      expect(await server.ended).toBe('exit code 0');
    });

    it('load no package where they are off', async () => {
      const off = await start({ OTEL_EXPORTER_OTLP_ENDPOINT: '', ...PRINTS_MODULES });
      await register(off);
      off.signal('SIGTERM');
      expect(await off.ended).toBe('exit code 0');
      // prom-client depends on the interface, which does nothing by itself.
      const loaded = ({ complaint }: ApiProcess) =>
        new Set(complaint.match(/@opentelemetry\/(?!api\/)[\w-]+/g));
      expect(off.complaint).toContain('node_modules/ioredis');
      expect(loaded(off)).toEqual(new Set());
      expect(collector.requests).toEqual([]);

      const on = await start(PRINTS_MODULES);
      on.signal('SIGTERM');
      expect(await on.ended).toBe('exit code 0');
      expect(loaded(on)).toContain('@opentelemetry/sdk-trace-node');
    });
  });
});

/** Makes Node print, at the end of a process, every file that it has loaded. */
const PRINTS_MODULES = {
  NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(
    `import { writeSync } from 'node:fs';
     import { createRequire } from 'node:module';
     const { cache } = createRequire(process.execPath);
     process.on('exit', () => writeSync(2, Object.keys(cache).join('\\n')));`,
  )}`,
};
