import { newEmail, PASSWORD, type TestApp } from '../../support/app';
import { startChromium, type Tab, type TestChromium } from '../../support/chromium';
import { storedStateOf } from '../../support/stored-state';
import { until } from '../../support/until';
import { startCookieApp } from './cookie-app';
import { ATTACKS, LOGOUT, PROFILE, VERDICTS, type Attack } from './page-attacks';
import { SITE_ARGUMENTS, Sites, type Arrival } from './sites';

describe('a user of Chromium who is signed in with cookies', () => {
  let sites: Sites;
  let app: TestApp;
  let chromium: TestChromium;
  /** A page of a listed origin. */
  let own: Tab;
  let userId: string;
  let auth: string;
  let marks = 0;

  beforeAll(async () => {
    sites = await Sites.start();
    auth = sites.origin('auth.shop.test');
    app = await startCookieApp({
      env: {
        TRUST_PROXY: '127.0.0.1',
        PUBLIC_URL: '',
        CORS_ORIGINS: sites.origin('app.shop.test'),
        JWT_EXPIRES_IN: '1h',
      },
    });
    sites.lead(app.http.origin);
    chromium = await startChromium(...SITE_ARGUMENTS);
    own = await open('app.shop.test');
  });

  beforeEach(async () => {
    userId = await signUp();
  });

  afterAll(async () => {
    await chromium.stop();
    await app.close();
    sites.stop();
  });

  async function open(host: string, path = '/'): Promise<Tab> {
    const tab = await chromium.open(sites.origin(host) + path);
    await until(`the page of ${host} is open`, () =>
      tab.evaluate(`location.hostname === '${host}' && document.readyState === 'complete'`),
    );
    return tab;
  }

  /** Calls the API as a page does. @returns status and body */
  async function call(tab: Tab, method: string, path: string, json?: unknown) {
    const body = json === undefined ? '' : `body: ${JSON.stringify(JSON.stringify(json))},`;
    const type = json === undefined ? '' : "headers: { 'content-type': 'application/json' },";
    return tab.evaluate<[number, string]>(
      `fetch('${auth}${path}', { method: '${method}', credentials: 'include', ${type} ${body} })
        .then(async (response) => [response.status, await response.text()])
        .catch(() => [0, ''])`,
    );
  }

  async function signUp(): Promise<string> {
    const json = { email: newEmail(), password: PASSWORD, cookies: true };
    const [status, text] = await call(own, 'POST', '/api/auth/register', json);
    expect(status).toBe(201);
    return (JSON.parse(text) as { user: { id: string } }).user.id;
  }

  /** Lets a page attack, and waits for its request. */
  async function attack(tab: Tab, { path, act }: Attack): Promise<Arrival> {
    marks += 1;
    const target = `${path}?mark=${marks}`;
    await tab.evaluate(act(auth + target));
    return until(
      `the request to ${target}`,
      () => sites.arrivals.find((one) => one.target === target && one.method !== 'OPTIONS'),
      (arrival) => arrival !== undefined,
    ) as Promise<Arrival>;
  }

  const isSent = ({ cookies }: Arrival) => cookies.includes('__Host-latchkey');

  it('has a page that reads and changes, whose scripts see no token', async () => {
    const [status, text] = await call(own, 'GET', PROFILE);
    expect([status, (JSON.parse(text) as { id: string }).id]).toEqual([200, userId]);
    expect((await call(own, 'PUT', PROFILE, { bio: 'mine' }))[0]).toBe(200);
    app.clock.advance(3_601_000);
    expect((await call(own, 'GET', PROFILE))[0]).toBe(401);
    const [refreshed, tokens] = await call(own, 'POST', '/api/auth/refresh');
    expect(refreshed).toBe(200);
    expect(tokens).not.toMatch(/eyJ|oken"/);
    expect(sites.arrivals.at(-1)?.cookies).toEqual([
      '__Secure-latchkey-refresh',
      '__Host-latchkey',
    ]);
    expect((await call(own, 'GET', PROFILE))[0]).toBe(200);
    // To no other path.
    expect(sites.arrivals.at(-1)?.cookies).toEqual(['__Host-latchkey']);
    const ofApi = await open('auth.shop.test', '/health/live');
    for (const tab of [own, ofApi]) {
      expect(await tab.evaluate('document.cookie')).toBe('');
    }
    expect((await call(own, 'POST', LOGOUT))[0]).toBe(204);
    await call(own, 'GET', PROFILE);
    expect(sites.arrivals.at(-1)?.cookies).toEqual([]);
  });

  it.each(ATTACKS)('is not harmed by $title of another site or subdomain', async (one) => {
    const before = await storedStateOf(app, userId);
    const verdicts: Record<string, [boolean, number]> = {};
    for (const [kind, host] of [
      ['other', 'evil.test'],
      ['sibling', 'blog.shop.test'],
    ] as const) {
      const arrival = await attack(await open(host), one);
      verdicts[kind] = [isSent(arrival), arrival.status];
      expect(arrival.origin ?? 'null').not.toBe(auth);
    }
    expect(verdicts).toEqual(VERDICTS[one.title]);
    expect(await storedStateOf(app, userId)).toEqual(before);
    expect((await call(own, 'GET', PROFILE))[0]).toBe(200);
  });

  it.each(['evil.test', 'blog.shop.test'])('shows nothing to scripts of %s', async (host) => {
    const tab = await open(host);
    expect(await call(tab, 'GET', PROFILE)).toEqual([0, '']);
    // A preflight refuses what no form can send.
    const before = sites.arrivals.length;
    for (const [method, json] of [
      ['PUT', { bio: 'changed' }],
      ['DELETE', { currentPassword: PASSWORD }],
      ['POST', {}],
    ] as const) {
      expect(await call(tab, method, PROFILE, json)).toEqual([0, '']);
    }
    expect(sites.arrivals.slice(before).map(({ method }) => method)).not.toContain('PUT');
    expect(sites.arrivals.slice(before).map(({ method }) => method)).not.toContain('DELETE');
  });

  it('follows links of other sites, which change nothing', async () => {
    const before = await storedStateOf(app, userId);
    const tab = await open('evil.test');
    const link = (url: string) => `location.href = '${url}'`;
    const read = await attack(tab, { title: '', path: PROFILE, act: link });
    expect([isSent(read), read.site, read.status]).toEqual([true, 'cross-site', 200]);
    const end = await attack(await open('evil.test'), { title: '', path: LOGOUT, act: link });
    expect([isSent(end), end.status]).toEqual([true, 405]);
    const framed = await attack(await open('blog.shop.test'), {
      title: '',
      path: PROFILE,
      act: (url) => `{
        const frame = document.createElement('iframe');
        frame.src = '${url}';
        document.body.append(frame);
      }`,
    });
    // X-Frame-Options: the browser does not show it.
    expect(framed.status).toBe(200);
    expect(await storedStateOf(app, userId)).toEqual(before);
  });

  describe('and visits a page of a subdomain that plants cookies', () => {
    const plant = (...cookies: string[]) =>
      open(
        'blog.shop.test',
        `/?${new URLSearchParams(cookies.map((one): [string, string] => ['set-cookie', one])).toString()}`,
      );

    it('for the access token: the browser refuses each', async () => {
      await plant(
        '__Host-latchkey=x; Domain=shop.test; Path=/; Secure',
        '__Host-latchkey=x; Path=/; Secure',
        '__host-latchkey=x; Domain=shop.test; Path=/; Secure',
        '=__Host-latchkey=x; Domain=shop.test; Path=/; Secure',
        '__Host-latchkey=x; Domain=shop.test; Path=/api; Secure; HttpOnly; SameSite=None',
      );
      const script = await open('blog.shop.test');
      await script.evaluate(
        `document.cookie = '__Host-latchkey=x; domain=shop.test; path=/api; secure'`,
      );
      const [status] = await call(own, 'GET', PROFILE);
      expect([status, sites.arrivals.at(-1)?.cookies]).toEqual([200, ['__Host-latchkey']]);
    });

    it('for the refresh: two are refused, and one without ours is too', async () => {
      const { refreshToken } = await app.register();
      const tossed = `__Secure-latchkey-refresh=${refreshToken}; Domain=shop.test; Secure`;
      await plant(`${tossed}; Path=/api/auth/refresh`);
      const [two, text] = await call(own, 'POST', '/api/auth/refresh');
      expect([two, text]).toEqual([401, expect.stringContaining('token_invalid')]);
      expect(sites.arrivals.at(-1)?.cookies).toEqual([
        '__Secure-latchkey-refresh',
        '__Secure-latchkey-refresh',
        '__Host-latchkey',
      ]);

      await call(own, 'POST', LOGOUT);
      const [one] = await call(own, 'POST', '/api/auth/refresh');
      expect([one, sites.arrivals.at(-1)?.cookies]).toEqual([401, ['__Secure-latchkey-refresh']]);
      expect((await call(own, 'GET', PROFILE))[0]).toBe(401);
      await plant(`${tossed}; Path=/api/auth/refresh; Max-Age=0`);
    });

    it('with names that look like ours', async () => {
      const { accessToken } = await app.register();
      const ends = 'domain=shop.test; path=/; secure';
      const script = await open('blog.shop.test');
      await script.evaluate(
        `['latchkey', '\u00a0__Host-latchkey', '\u2000__Host-latchkey', '__Secure-latchkey']
          .forEach((name) => { document.cookie = name + '=${accessToken}; ${ends}'; })`,
      );
      const [status, text] = await call(own, 'GET', PROFILE);
      expect([status, (JSON.parse(text) as { id: string }).id]).toEqual([200, userId]);
      await call(own, 'POST', LOGOUT);
      expect((await call(own, 'GET', PROFILE))[0]).toBe(401);
      expect(sites.arrivals.at(-1)?.cookies.length).toBeGreaterThanOrEqual(3);
    });
  });
});
