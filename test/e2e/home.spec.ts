import { STYLE } from '../../apps/api/home/style';
import { VERSION } from '../../apps/version';
import { startTestApp, type TestApp } from '../support/app';
import { startChromium, type Tab, type TestChromium } from '../support/chromium';
import { sharedStores } from '../support/shared-stores';
import { TcpProxy } from '../support/tcp-proxy';
import { until } from '../support/until';

const CONTACT = 'mailto:security@example.com';

/** Luminance of a colour (WCAG 2.2, "relative luminance"). @param colour `#rrggbb` */
function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5]
    .map((at) => parseInt(colour.slice(at, at + 2), 16) / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [light = 0, dark = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

describe('the page at /', () => {
  let app: TestApp;
  let postgres: TcpProxy;

  beforeAll(async () => {
    postgres = await TcpProxy.start(Number(new URL(sharedStores().postgresUrl).port));
    app = await startTestApp({
      postgresPort: postgres.port,
      env: { PUBLIC_URL: 'https://example.com/auth', SECURITY_CONTACT: CONTACT },
    });
  });
  afterAll(async () => {
    await app.close();
    postgres.stop();
  });

  const page = async (path = '/', init: RequestInit = {}) => {
    const response = await fetch(app.http.origin + path, init);
    return { status: response.status, headers: response.headers, html: await response.text() };
  };

  it('says what this is, that it is ready, and its version', async () => {
    const { status, headers, html } = await page();
    expect([status, headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(html).toContain('<html lang="en">');
    expect(html.match(/<h\d>[^<]*/g)).toEqual(['<h1>Latchkey', '<h2>Use it', '<h2>Operate it']);
    expect(html).toContain('<strong>Ready.</strong>');
    expect(html).toContain(`Version ${VERSION}`);
  });

  it('links to what is there, below the path of PUBLIC_URL', async () => {
    const { html } = await page('/auth/');
    const links = [...html.matchAll(/href="([^"]+)"/g)].map(([, address = '']) => address);
    expect(links).toEqual([
      '/auth/docs',
      '/auth/docs/openapi.json',
      '/auth/.well-known/jwks.json',
      '/auth/.well-known/oauth-authorization-server',
      '/auth/health/ready',
      '/auth/metrics',
      '/auth/.well-known/security.txt',
    ]);
    for (const link of links) {
      expect([link, (await page(link)).status]).toEqual([link, 200]);
    }
  });

  it('has no script and a policy that allows none', async () => {
    const { headers, html } = await page();
    expect(html).not.toMatch(/<script|\son\w+=|javascript:|style="/i);
    expect(headers.get('content-security-policy')).toMatch(
      /^default-src 'none';base-uri 'none';form-action 'none';frame-ancestors 'none';style-src 'sha256-[\w+/]{43}='$/,
    );
  });

  it('says nothing that a request has said', async () => {
    const host = { host: 'evil.example', 'x-forwarded-host': 'evil.example' };
    const { html } = await page('/?x=evil.example', { headers: host });
    expect(html).not.toContain('evil.example');
  });

  it('answers HEAD without a body, and 405 to other methods', async () => {
    const head = await page('/', { method: 'HEAD' });
    expect([head.status, head.html]).toEqual([200, '']);
    expect(head.headers.get('content-type')).toBe('text/html; charset=utf-8');
    const post = await page('/', { method: 'POST' });
    expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  });

  it('is no part of the OpenAPI document', async () => {
    const { body } = await app.http.get<{ paths: object }>('/docs/openapi.json');
    expect(
      Object.keys(body.paths).filter((path) => !/^\/(api|avatars|health)\//.test(path)),
    ).toEqual(['/metrics', '/.well-known/jwks.json', '/.well-known/oauth-authorization-server']);
  });

  it('does not exist with DOCS=off', async () => {
    const other = await startTestApp({ beside: app, env: { DOCS: 'off' } });
    const { status, body } = await other.http.get('/');
    expect([status, body.code]).toEqual([404, 'not_found']);
    await other.close();
  });

  it('names the port of metrics where they have one', async () => {
    const other = await startTestApp({ beside: app, env: { METRICS_PORT: '0' } });
    const html = await (await fetch(other.http.origin)).text();
    expect(html).toContain('at port 0');
    expect(html).not.toMatch(/href="[^"]*(?:metrics|security\.txt|oauth-authorization-server)"/);
    await other.close();
  });

  it.each(STYLE.split('@media').map((part, index) => [['light', 'dark'][index], part]))(
    'has a contrast of at least 4.5 in %s colours',
    (_scheme, declarations = '') => {
      const declared = [...declarations.matchAll(/--(\w+): (#\w{6});/g)];
      const {
        back = '',
        line,
        ...colours
      } = Object.fromEntries(declared.map(([, name = '', value = '']) => [name, value]));
      expect(line).toBeDefined();
      expect(Object.keys(colours)).toHaveLength(6);
      for (const [name, colour] of Object.entries(colours)) {
        expect([name, contrast(colour, back) >= 4.5]).toEqual([name, true]);
      }
    },
  );

  describe('in Chromium', () => {
    let chromium: TestChromium;
    let tab: Tab;

    beforeAll(async () => {
      chromium = await startChromium();
      tab = await chromium.open(`${app.http.origin}/`);
    }, 10 * 60_000);
    afterAll(() => chromium.stop());

    it.each([
      ['light', 'rgb(255, 255, 255)'],
      ['dark', 'rgb(22, 24, 27)'],
    ])('has its style under its own policy, in %s', async (value, background) => {
      const features = [{ name: 'prefers-color-scheme', value }];
      await tab.command('Emulation.setEmulatedMedia', { features });
      const colour = 'getComputedStyle(document.body).backgroundColor';
      expect(await tab.evaluate(colour)).toBe(background);
    });

    it.each([320, 375, 1280])('does not scroll sideways at %d px', async (width) => {
      const device = { width, height: 800, deviceScaleFactor: 1, mobile: width < 500 };
      await tab.command('Emulation.setDeviceMetricsOverride', device);
      const page = 'document.documentElement';
      expect(await tab.evaluate('innerWidth')).toBe(width);
      expect(await tab.evaluate(`${page}.scrollWidth - ${page}.clientWidth`)).toBe(0);
      // WCAG 2.2, target size (minimum).
      const heights = await tab.evaluate<number[]>(
        '[...document.querySelectorAll("a")].map((link) => link.getBoundingClientRect().height)',
      );
      expect(Math.min(...heights)).toBeGreaterThanOrEqual(24);
    });
  });

  describe('without a store', () => {
    const state = async () => /<p class="(\w+)"/.exec((await page()).html)?.[1];

    it('is degraded without Redis, and not ready without Postgres', async () => {
      await app.redis.stop();
      await until('the page says so', state, 'degraded');
      postgres.cut();
      await until('the page says so', state, 'unavailable');
      expect((await page()).status).toBe(200);
    });
  });
});
