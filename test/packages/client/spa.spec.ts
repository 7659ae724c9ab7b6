import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { serve } from '../../../examples/spa/page-server.mjs';
import { ROOT } from '../../../tools/local/paths.mjs';
import { freePort } from '../../../tools/local/ports.mjs';
import { newEmail, PASSWORD, startTestApp, type TestApp } from '../../support/app';
import { startChromium, type Tab, type TestChromium } from '../../support/chromium';
import { until } from '../../support/until';
import { recordRequests } from './client-of';

const HOUR_MS = 3_600_000;
/** Where a picture of the page goes, for people who look at it. */
const PICTURE = process.env.LATCHKEY_SPA_PICTURE;

describe('the page of examples/spa in Chromium', () => {
  let app: TestApp;
  let pages: Server;
  let chromium: TestChromium;
  let origin: string;
  let email: string;
  let tab: Tab;

  beforeAll(async () => {
    const port = await freePort();
    origin = `http://localhost:${port}`;
    app = await startTestApp({
      env: { COOKIES: 'on', CORS_ORIGINS: origin, JWT_EXPIRES_IN: '1h' },
    });
    // The same site as the page, as cookies need it.
    const latchkeyUrl = app.http.origin.replace('127.0.0.1', 'localhost');
    pages = await serve({ port, latchkeyUrl });
    chromium = await startChromium();
    tab = await open();
  });

  beforeEach(async () => {
    email = newEmail();
    await signIn(tab, 'register');
  });

  afterAll(async () => {
    await chromium.stop();
    await app.close();
    pages.closeAllConnections();
    pages.close();
  });

  async function open(): Promise<Tab> {
    const opened = await chromium.open(`${origin}/`);
    await until('the page is loaded', () => isLoaded(opened));
    return opened;
  }

  async function reload(): Promise<void> {
    await tab.evaluate('{ window.isOld = true; location.reload(); }');
    await until('the account is shown again', () =>
      tab.evaluate<boolean>(
        `!window.isOld && document.getElementById('account')?.hidden === false`,
      ),
    );
  }

  const isLoaded = (page: Tab) =>
    page.evaluate<boolean>(
      `['sign-in', 'account'].some((id) => document.getElementById(id)?.hidden === false)`,
    );
  const textIn = (page: Tab, id: string) =>
    page.evaluate<string>(`document.getElementById('${id}')?.textContent`);
  const isShown = (page: Tab, id: string) =>
    page.evaluate<boolean>(`document.getElementById('${id}')?.hidden === false`);
  const click = (page: Tab, selector: string) =>
    page.evaluate(`document.querySelector('${selector}').click()`);

  async function signIn(page: Tab, button: 'login' | 'register'): Promise<void> {
    await page.evaluate(`{
      const { email, password } = document.getElementById('sign-in').elements;
      email.value = '${email}';
      password.value = '${PASSWORD}';
    }`);
    await click(page, `button[value=${button}]`);
    await until(
      'the account is shown',
      async () => (await isShown(page, 'account')) && (await textIn(page, 'email')),
      (shown) => shown === email,
    );
  }

  async function untilSignedOut(page: Tab, reason: RegExp): Promise<void> {
    await until('the sign-in is shown', () => isShown(page, 'sign-in'));
    expect(await textIn(page, 'message')).toMatch(reason);
  }

  it('has types', async () => {
    const compiler = join(ROOT, 'node_modules/typescript/bin/tsc');
    await promisify(execFile)(process.execPath, [compiler, '-p', join(ROOT, 'examples/spa')]);
  });

  it('stays signed in over a reload, without a token in the page', async () => {
    const kept = await tab.evaluate<string>(
      'document.cookie + JSON.stringify({ ...localStorage })',
    );
    expect(kept).toContain('latchkey-cookies');
    expect(kept).not.toMatch(/eyJ|[\w-]{43}/);
    await reload();
    expect(await textIn(tab, 'email')).toBe(email);
    if (PICTURE) {
      writeFileSync(PICTURE, await tab.screenshot());
    }
    await click(tab, '#sign-out');
    await untilSignedOut(tab, /^$/);
  });

  it.each<[string, () => Promise<void>]>([
    ['two tabs', () => Promise.resolve()],
    [
      'two tabs, also when the browser has cleared their storage',
      async () => {
        await tab.evaluate('localStorage.clear()');
        await reload();
      },
    ],
  ])('refreshes once for %s', async (_, prepare) => {
    await prepare();
    const tabs = [tab, await open()];
    app.clock.advance(HOUR_MS + 1_000);
    const requests = recordRequests(app);
    await Promise.all(tabs.map((one) => click(one, '#bio-form button')));
    for (const one of tabs) {
      await until(
        'the note is saved',
        () => textIn(one, 'message'),
        (text) => text === 'Saved.',
      );
    }
    requests.stop();
    expect(requests.names.filter((name) => name === 'POST /api/auth/refresh')).toHaveLength(1);

    await click(tab, '#sign-out');
    await untilSignedOut(tab, /^$/);
    await untilSignedOut(tabs[1]!, /another tab/);
    await tabs[1]!.command('Page.close');
  });

  it('keeps nothing of a user whom another tab has replaced', async () => {
    const bioIn = (page: Tab) =>
      page.evaluate<string>(`document.querySelector('#bio-form textarea').value`);
    await tab.evaluate(`document.querySelector('#bio-form textarea').value = 'of the first user'`);
    await click(tab, '#bio-form button');
    await until(
      'the note is saved',
      () => textIn(tab, 'message'),
      (text) => text === 'Saved.',
    );
    const other = await open();
    expect(await bioIn(other)).toBe('of the first user');
    email = newEmail();
    await signIn(tab, 'register');
    await until(
      'the other tab shows the second user',
      () => textIn(other, 'email'),
      (shown) => shown === email,
    );
    expect(await Promise.all([tab, other].map(bioIn))).toEqual(['', '']);
    // The first tab that notices the end of a session reports it to the others.
    await other.command('Page.close');
  });

  it('says that the session was ended elsewhere while it is open', async () => {
    const { accessToken: token } = await app.login(email);
    await app.http.post('/api/auth/logout-all', { token });
    await untilSignedOut(tab, /another device/);
    await signIn(tab, 'login');
    await click(tab, '#sign-out');
    await untilSignedOut(tab, /^$/);
  });

  it('shows why a sign-in is refused', async () => {
    await click(tab, '#sign-out');
    await untilSignedOut(tab, /^$/);
    await tab.evaluate(`{
      const { email, password } = document.getElementById('sign-in').elements;
      email.value = '${email}';
      password.value = 'not the password';
    }`);
    await click(tab, 'button[value=login]');
    await until(
      'the reason is shown',
      () => textIn(tab, 'message'),
      (text) => text !== '',
    );
    expect(await textIn(tab, 'message')).toMatch(/e-mail address or the password is wrong/);
  });
});
