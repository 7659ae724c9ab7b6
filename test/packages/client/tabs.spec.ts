import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, join } from 'node:path';
import { ROOT } from '../../../tools/local/paths.mjs';
import { newEmail, PASSWORD, startTestApp, type TestApp } from '../../support/app';
import { startChromium, type Tab, type TestChromium } from '../../support/chromium';
import { until } from '../../support/until';
import { recordRequests } from './client-of';

const BUILD = join(ROOT, 'packages/client/dist/esm');
const HOUR_MS = 3_600_000;

/**
 * The page of each tab. A 401 reaches the client when the other tab has one too: both then want to refresh at the same
 * time.
 */
const page = (api: string, storage: string) => `<!doctype html><script type="module">
  import { createClient, localStorageTokens } from './index.js';
  const channel = new BroadcastChannel('refused');
  const otherIsRefused = new Promise((resolve) => { channel.onmessage = resolve; });
  let isRefused = false;
  const announce = () => isRefused && channel.postMessage('refused');
  setInterval(announce, 10);
  async function meet(input, init) {
    const response = await fetch(input, init);
    if (response.status === 401) {
      isRefused = true;
      announce();
      await otherIsRefused;
    }
    return response;
  }
  window.ends = [];
  window.client = createClient({
    baseUrl: '${api}',
    storage: ${storage},
    fetch: meet,
    onSignedOut: (reason) => window.ends.push(reason),
  });
</script>`;

describe.each([
  ['localStorage', 'localStorageTokens()'],
  ['cookies', "'cookies'"],
])('the client in two tabs of Chromium, with %s,', (_, storage) => {
  let app: TestApp;
  let pages: Server;
  let chromium: TestChromium;
  let tabs: [Tab, Tab];

  beforeAll(async () => {
    pages = createServer(({ url = '/' }, response) => {
      if (url === '/') {
        response.setHeader('content-type', 'text/html').end(page(app.http.origin, storage));
      } else if (url.endsWith('.js')) {
        const script = readFileSync(join(BUILD, basename(url)));
        response.setHeader('content-type', 'text/javascript').end(script);
      } else {
        response.writeHead(404).end();
      }
    }).listen(0, '127.0.0.1');
    await once(pages, 'listening');
    // A secure context, as navigator.locks asks for.
    const origin = `http://127.0.0.1:${(pages.address() as AddressInfo).port}`;
    const env = { JWT_EXPIRES_IN: '1h', CORS_ORIGINS: origin, COOKIES: 'on' };
    app = await startTestApp({ env });
    chromium = await startChromium();
    tabs = [await chromium.open(`${origin}/`), await chromium.open(`${origin}/`)];
    for (const tab of tabs) {
      await until('the client is loaded', () => tab.evaluate('"client" in window'));
    }
  });

  afterAll(async () => {
    await chromium.stop();
    await app.close();
    pages.closeAllConnections();
    pages.close();
  });

  it('refreshes once for both tabs, and signs both out', async () => {
    const account = JSON.stringify({ email: newEmail(), password: PASSWORD });
    const id = await tabs[0].evaluate(`client.register(${account}).then(({ user }) => user.id)`);
    app.clock.advance(HOUR_MS + 1_000);
    const requests = recordRequests(app);
    const profiles =
      'Promise.all(Array.from({ length: 5 }, () => client.profile().then((p) => p.id)))';
    const answers = await Promise.all(tabs.map((tab) => tab.evaluate<string[]>(profiles)));
    requests.stop();
    expect(answers.flat()).toEqual(Array(10).fill(id));
    const count = (name: string) => requests.names.filter((one) => one === name).length;
    expect([count('GET /api/auth/profile'), count('POST /api/auth/refresh')]).toEqual([20, 1]);

    await tabs[0].evaluate('client.logout()');
    const refused = await tabs[1].evaluate('client.profile().catch(() => null)');
    const ends = await Promise.all(tabs.map((tab) => tab.evaluate('window.ends')));
    expect([refused, ends]).toEqual([null, [['logout'], ['elsewhere']]]);
  });
});
