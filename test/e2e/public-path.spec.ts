import { request } from 'node:http';
import type { AuthResultDto } from '../../apps/api/auth/auth.dto';
import { AdminService } from '../../libs/auth';
import { startTestApp, type TestApp } from '../support/app';
import { avatarForm } from '../support/avatars';
import { startChromium, type Tab, type TestChromium } from '../support/chromium';
import { HttpClient } from '../support/http-client';
import { Scrape } from '../support/metrics';
import { startNginx, type TestNginx } from '../support/nginx';
import { OpenApi, pathOf, type Document } from '../support/open-api';
import { photoWithPlace } from '../support/pictures';
import { until } from '../support/until';

const ISSUER = 'https://example.com/auth';
const METADATA = '/.well-known/oauth-authorization-server';

/** The lines of the example that choose. */
const PASSES_ON = 'location /auth/ {\n      proxy_pass http://latchkey;';

interface WithServers extends Document {
  servers: { url: string }[];
}

describe.each<[what: string, changes: [string, string][]]>([
  ['passes the path on', []],
  ['strips the path', [[PASSES_ON, PASSES_ON.replace(';', '/;')]]],
])('PUBLIC_URL with a path, behind nginx that %s,', (_what, changes) => {
  let app: TestApp;
  let nginx: TestNginx;
  let proxy: HttpClient;

  beforeAll(async () => {
    app = await startTestApp({
      env: {
        PUBLIC_URL: `${ISSUER}/`,
        SECURITY_CONTACT: 'mailto:security@example.com',
        TRUST_PROXY: '1',
      },
    });
    const latchkey = Number(new URL(app.http.origin).port);
    nginx = await startNginx({ latchkey }, 'path.conf', changes);
    proxy = new HttpClient(nginx.origin);
  }, 10 * 60_000);

  afterAll(async () => {
    await nginx.stop();
    await app.close();
  });

  /** The status of a target that is sent as it is. */
  const statusOf = (target: string, origin = nginx.origin) =>
    new Promise<number | undefined>((resolve, reject) => {
      const { hostname, port } = new URL(origin);
      request({ hostname, port, path: target }, (response) => {
        response.resume().once('end', () => resolve(response.statusCode));
      })
        .once('error', reject)
        .end();
    });

  it('answers each route as without it', async () => {
    const { routes } = await OpenApi.read(app.http);
    const answers: [string, number, unknown][] = [];
    const direct: typeof answers = [];
    for (const route of routes.filter(({ path }) => path !== '/metrics')) {
      const path = pathOf(route, { id: 'x', sessionId: 'x', file: 'x' });
      for (const [client, prefix, seen] of [
        [proxy, '/auth', answers],
        [app.http, '', direct],
      ] as const) {
        const { status, body } = await client.call(route.method, prefix + path);
        seen.push([route.name, status, (body as { code?: string } | undefined)?.code]);
      }
    }
    expect(answers.length).toBeGreaterThan(30);
    expect(answers).toEqual(direct);
  });

  it('is in the address of a picture, in every answer with a profile', async () => {
    const { accessToken: token, user } = await proxy
      .post<AuthResultDto>('/auth/api/auth/register', {
        json: { email: 'ada@example.com', password: 'correct horse battery staple' },
      })
      .then(({ body }) => body);
    expect(user.avatarUrl).toBeNull();
    const form = avatarForm(await photoWithPlace());
    const uploaded = await proxy.post('/auth/api/auth/profile/avatar', { token, form });
    expect(uploaded.status).toBe(200);
    const { avatarUrl } = uploaded.body;
    expect(avatarUrl).toMatch(/^\/auth\/avatars\/[0-9a-f]{64}-512\.webp$/);
    const picture = await proxy.get(String(avatarUrl));
    expect([picture.status, picture.headers.get('content-type')]).toEqual([200, 'image/webp']);

    for (const cache of ['MISS', 'HIT', 'HIT']) {
      const read = await proxy.get('/auth/api/auth/profile', { token });
      expect([read.headers.get('x-cache'), read.body.avatarUrl]).toEqual([cache, avatarUrl]);
    }
    const json = { bio: 'Analyst of engines.' };
    const changed = await proxy.put('/auth/api/auth/profile', { token, json });
    expect(changed.body).toMatchObject({ avatarUrl, ...json });

    await app.nest.get(AdminService).changeAccount(user.id, { role: 'admin' });
    const signedIn = await app.login('ada@example.com');
    expect(signedIn.user.avatarUrl).toBe(avatarUrl);
    const admin = { token: signedIn.accessToken };
    const one = await proxy.get(`/auth/api/admin/users/${user.id}`, admin);
    expect(one.body.avatarUrl).toBe(avatarUrl);
    const list = await proxy.get<{ users: unknown[] }>('/auth/api/admin/users', admin);
    expect(list.body.users).toEqual([expect.objectContaining({ avatarUrl })]);

    // Without it in Postgres, so that the file is found and removed.
    expect(
      (await proxy.delete('/auth/api/auth/profile/avatar', { token: admin.token })).status,
    ).toBe(204);
    expect((await proxy.get(String(avatarUrl))).status).toBe(404);
  });

  it('passes a file of 5 MiB on, which Latchkey answers', async () => {
    const { accessToken: token } = await app.register();
    const form = avatarForm(new Uint8Array(5 * 1024 * 1024));
    const { status, body } = await proxy.post('/auth/api/auth/profile/avatar', { token, form });
    expect([status, body.code]).toEqual([415, 'unsupported_media_type']);
  });

  it('is in the metadata, below it and where RFC 8414 has it', async () => {
    const below = await proxy.get(`/auth${METADATA}`);
    const inserted = await proxy.get(`${METADATA}/auth`);
    expect([below.status, inserted.status]).toEqual([200, 200]);
    expect(inserted.body).toEqual(below.body);
    expect(below.body.issuer).toBe(ISSUER);
    const addresses = Object.entries(below.body).filter(([name]) => /_(uri|endpoint)$/.test(name));
    expect(addresses).toHaveLength(4);
    for (const [, address] of addresses) {
      expect(address).toMatch(/^https:\/\/example\.com\/auth\//);
      expect((await proxy.get(new URL(String(address)).pathname)).status).not.toBe(404);
    }
    expect(await statusOf(`${METADATA}/authx`)).toBe(404);
  });

  it('has the page for people at it, and security.txt below it and at the root of the host', async () => {
    const page = await fetch(`${nginx.origin}/auth`);
    const html = await page.text();
    expect([page.status, new URL(page.url).pathname]).toEqual([200, '/auth/']);
    for (const [, link = ''] of html.matchAll(/href="([^"]+)"/g)) {
      expect([link, await statusOf(link)]).toEqual([link, link === '/auth/metrics' ? 404 : 200]);
    }
    for (const path of ['/.well-known/security.txt', '/auth/.well-known/security.txt']) {
      const text = await (await fetch(nginx.origin + path)).text();
      expect(text).toContain(`Canonical: https://example.com${path}\n`);
    }
  });

  it('is 404 beside it', async () => {
    for (const path of ['/authx/health/live', '/auth/nowhere', '/auth/auth/nowhere', '/']) {
      expect([path, await statusOf(path)]).toEqual([path, 404]);
    }
    const refused = await proxy.get('/auth/nowhere');
    expect([refused.status, refused.body.code]).toEqual([404, 'not_found']);
    // As they are, without nginx, which would correct some of them.
    for (const target of [
      '/authx/health/live',
      '//auth/health/live',
      '/auth//health/live',
      '/auth%2Fhealth/live',
      '/auth/health%2Flive',
      '/auth/auth/health/live',
      '/AUTH/health/live',
      `${METADATA}/auth/`,
    ]) {
      expect([target, await statusOf(target, app.http.origin)]).toEqual([target, 404]);
    }
    for (const target of ['/auth/health/live', '/auth/health/live?x', '/health/live']) {
      expect([target, await statusOf(target, app.http.origin)]).toEqual([target, 200]);
    }
  });

  it('keeps metrics from clients, also with the path twice', async () => {
    expect(await statusOf('/metrics', app.http.origin)).toBe(200);
    for (const target of [
      '/auth/metrics',
      '/auth/auth/metrics',
      '/auth/%6detrics',
      '/auth//metrics',
    ]) {
      expect([target, await statusOf(target)]).toEqual([target, 404]);
    }
  });

  it('names the methods of a path with 405', async () => {
    const { status, headers } = await proxy.delete('/auth/api/auth/login');
    expect([status, headers.get('allow')]).toEqual([405, 'POST']);
  });

  it('is in no log line and no label: they name the route', async () => {
    await proxy.get('/auth/health/ready');
    await proxy.get('/auth/nowhere?secret=in-the-query');
    const line = () =>
      app.log
        .map((text) => JSON.parse(text) as { route?: string; status?: number })
        .find(({ route, status }) => route === '/health/ready' && status === 200);
    await until('the line of the answer', () => Promise.resolve(line() !== undefined));
    const unwanted = app.log.filter((text) => /"\/auth|nowhere|in-the-query/.test(text));
    expect(unwanted).toEqual([]);
    const { samples } = await Scrape.of(app.http.origin);
    const routes = new Set(samples.flatMap(({ labels }) => labels.route ?? []));
    expect(routes).toContain('/health/ready');
    expect([...routes].filter((route) => route.startsWith('/auth'))).toEqual([]);
  });

  describe('Swagger UI in Chromium', () => {
    let chromium: TestChromium;
    let tab: Tab;

    beforeAll(async () => {
      chromium = await startChromium();
    }, 10 * 60_000);
    afterAll(() => chromium.stop());

    const LIVENESS = '#operations-Health-getLiveness';

    it.each(['/auth/docs', '/auth/docs/'])('calls the API from %s', async (path) => {
      tab = await chromium.open(nginx.origin + path);
      const has = (selector: string) => () =>
        tab.evaluate<boolean>(`document.querySelector('${selector}') !== null`);
      const click = (selector: string) =>
        tab.evaluate(`document.querySelector('${selector}').click()`);
      await until('the operations are shown', has(LIVENESS));
      expect(await tab.evaluate(`document.querySelector('.servers select').value`)).toBe('/auth');
      await click(`${LIVENESS} .opblock-summary-control`);
      await until('the operation is open', has(`${LIVENESS} .try-out__btn`));
      await click(`${LIVENESS} .try-out__btn`);
      await until('the button is shown', has(`${LIVENESS} .execute`));
      await click(`${LIVENESS} .execute`);
      const answered = `${LIVENESS} .live-responses-table tbody .response-col_status`;
      await until('the answer is shown', has(answered));
      const text = (selector: string) =>
        tab.evaluate<string>(`document.querySelector('${selector}').textContent`);
      expect(await text(answered)).toMatch(/^200/);
      expect(await text(`${LIVENESS} .request-url pre`)).toBe(`${nginx.origin}/auth/health/live`);
    });

    it('reads the OpenAPI document below it, whose server it is', async () => {
      const { status, body } = await proxy.get<WithServers>('/auth/docs/openapi.json');
      expect([status, body.servers]).toEqual([200, [expect.objectContaining({ url: '/auth' })]]);
      expect(Object.keys(body.paths)).toContain('/api/auth/login');
    });
  });
});
