import { freePort } from '../../tools/local/ports.mjs';
import type { ApiProcess } from '../support/api-process';
import { useApiSuite } from '../support/api-suite';
import { startTestApp, type TestApp } from '../support/app';
import { someOf } from '../support/long-tests';
import { Scrape } from '../support/metrics';
import { RawConnection } from '../support/raw-connection';
import { until } from '../support/until';

describe('metrics of an application', () => {
  let base: TestApp;
  const apps: TestApp[] = [];

  beforeAll(async () => {
    base = await startTestApp();
  });

  afterEach(async () => {
    await Promise.all(apps.splice(0).map((app) => app.close()));
  });

  afterAll(() => base.close());

  async function start(env: Record<string, string>): Promise<TestApp> {
    const app = await startTestApp({ beside: base, env });
    apps.push(app);
    return app;
  }

  async function startWithPort(env: Record<string, string> = {}) {
    const port = await freePort();
    const started = await start({ METRICS_PORT: String(port), ...env });
    return { started, port, origin: `http://127.0.0.1:${port}` };
  }

  it('are served at METRICS_PORT alone where it is set, and it serves no other route', async () => {
    const { started, origin } = await startWithPort({ DOCS: 'on' });
    const scraped = await Scrape.of(origin);
    expect(scraped.sum('latchkey_redis_in_sync')).toBe(1);
    const own = await fetch(`${origin}/metrics?name=x`, { method: 'HEAD' });
    expect([own.status, own.headers.get('content-type')]).toEqual([
      200,
      'text/plain; version=0.0.4; charset=utf-8',
    ]);

    expect((await started.http.get('/metrics')).status).toBe(404);
    const { paths } = (await started.http.get<{ paths: object }>('/docs/openapi.json')).body;
    expect(paths).not.toHaveProperty('/metrics');
    for (const [method, path, status, code, allow] of [
      ['GET', '/', 404, 'not_found', null],
      ['GET', '/health/live', 404, 'not_found', null],
      ['GET', '/metrics/', 404, 'not_found', null],
      ['POST', '/metrics', 405, 'method_not_allowed', 'GET, HEAD'],
      ['OPTIONS', '/metrics', 405, 'method_not_allowed', 'GET, HEAD'],
    ] as const) {
      const elsewhere = await fetch(origin + path, { method });
      expect([path, elsewhere.status, elsewhere.headers.get('allow')]).toEqual([
        path,
        status,
        allow,
      ]);
      expect(Object.fromEntries(elsewhere.headers)).toMatchObject({
        'content-type': 'application/problem+json; charset=utf-8',
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
      });
      expect(await elsewhere.json()).toMatchObject({
        code,
        requestId: elsewhere.headers.get('x-request-id'),
      });
    }
    const garbage = await RawConnection.open(Number(new URL(origin).port));
    garbage.send('GARBAGE\r\n\r\n');
    await garbage.untilClosed();
    expect(garbage.received).toMatch(/^HTTP\/1\.1 400 [^]*x-request-id: \w+[^]*malformed_request/);
  });

  it('close their port with the application, also while a connection is idle', async () => {
    const { started, origin } = await startWithPort();
    await Scrape.of(origin);
    apps.splice(apps.indexOf(started), 1);
    await started.close();
    await expect(fetch(`${origin}/metrics`)).rejects.toThrow('fetch failed');
  });

  const OTHER_NETWORKS: [allowed: string, status: number][] = [
    ['10.0.0.0/8', 403],
    ['127.0.0.2,::1', 403],
  ];
  const NETWORKS: [allowed: string, status: number][] = [
    ['10.0.0.0/8,127.0.0.0/8', 200],
    ['::ffff:127.0.0.1', 200],
  ];

  it.each([...someOf(OTHER_NETWORKS, 1), ...someOf(NETWORKS, 1)])(
    'with METRICS_ALLOW=%s are for the addresses in it (127.0.0.1: %i)',
    async (allowed, status) => {
      const { origin } = await startWithPort({ METRICS_ALLOW: allowed });
      expect((await fetch(`${origin}/metrics`)).status).toBe(status);

      const beside = await start({ METRICS_ALLOW: allowed });
      const answer = await beside.http.get('/metrics', {
        headers: { 'x-forwarded-for': '10.0.0.1' },
      });
      expect(answer.status).toBe(status);
      if (status === 403) {
        expect(answer.body.code).toBe('forbidden');
      }
      expect((await beside.http.get('/health/live')).status).toBe(200);
    },
  );
});

describe('metrics of a process', () => {
  const suite = useApiSuite();

  async function start(env: Record<string, string> = {}): Promise<ApiProcess> {
    return (await suite.spawn(env)).untilServing();
  }

  async function startWithPort(env: Record<string, string> = {}) {
    const port = await freePort();
    const started = await start({ METRICS_PORT: String(port), ...env });
    return { started, port, origin: `http://127.0.0.1:${port}` };
  }

  it('are served beside the API by default, with Node and the build, also during the shutdown', async () => {
    const started = await start({ SHUTDOWN_DELAY: '1h' });
    const found = await Scrape.of(started.http.origin);
    expect(found.sum('latchkey_redis_in_sync')).toBe(1);
    expect(found.sum('process_resident_memory_bytes')).toBeGreaterThan(1e6);
    expect(found.find('nodejs_eventloop_lag_p99_seconds')).toHaveLength(1);
    const labels = found.find('latchkey_build_info')[0]?.labels;
    const { version } = jest.requireActual<{ version: string }>('../../package.json');
    expect(labels).toEqual({ version, node: process.versions.node });
    started.signal('SIGTERM');
    await until(
      'the process is not ready',
      async () => (await started.http.get('/health/ready')).status,
      503,
    );
    const { samples } = await Scrape.of(started.http.origin);
    expect(samples.length).toBeGreaterThan(50);
  });

  it('at their own port stop another start there, and are served until the last request is answered', async () => {
    const { started, port, origin } = await startWithPort();
    const second = await suite.spawn({ METRICS_PORT: String(port) });
    expect(await second.ended).toBe('exit code 1');
    expect(second.complaint).toBe('METRICS_PORT is taken by another program.\n');

    const idle = await RawConnection.open(port);
    const client = await RawConnection.open(started.port);
    const headers = 'Host: test\r\nContent-Type: application/json\r\nContent-Length: 2';
    client.send(`POST /api/auth/login HTTP/1.1\r\n${headers}\r\n\r\n{`);
    await until(
      'the request is in flight',
      async () => (await Scrape.of(origin)).sum('latchkey_http_requests_in_flight'),
      1,
    );
    started.signal('SIGTERM');
    await started.untilRefusingConnections();
    expect((await Scrape.of(origin)).sum('latchkey_http_requests_in_flight')).toBe(1);

    client.send('}');
    await client.untilReceived(/^HTTP\/1\.1 400 /);
    expect(await started.ended).toBe('exit code 0');
    expect([started.logged('error'), started.complaint]).toEqual([[], '']);
    idle.close();
  });
});
