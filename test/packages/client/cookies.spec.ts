import { createClient } from '../../../packages/client/src';
import { newEmail, PASSWORD, startTestApp, type TestApp } from '../../support/app';
import { clientOf, failure, recordRequests } from './client-of';

const HOUR_MS = 3_600_000;

/** The cookies of a browser, and its `fetch` for pages of the origin of the API. */
class Browser {
  private readonly cookies = new Map<string, { value: string; path: string }>();
  /** The headers of every request, and the text of every answer, as the scripts of a page see them. */
  readonly seen: string[] = [];

  constructor(private readonly origin: string) {}

  get names(): string[] {
    return [...this.cookies.keys()];
  }

  readonly fetch: typeof fetch = async (input, init = {}) => {
    expect(init.credentials).toBe('include');
    const { pathname } = new URL(input);
    const sent = [...this.cookies].filter(([, { path }]) => pathname.startsWith(path));
    const cookie = sent.map(([name, { value }]) => `${name}=${value}`).join('; ');
    this.seen.push(JSON.stringify(init.headers));
    const headers = { ...(init.headers as object), origin: this.origin, ...(cookie && { cookie }) };
    const response = await fetch(input, { ...init, headers });
    response.headers.getSetCookie().forEach((line) => this.keep(line));
    const text = await response.text();
    this.seen.push(text);
    const { status } = response;
    return new Response(status === 204 ? null : text, { status, headers: response.headers });
  };

  forget(): void {
    this.cookies.clear();
  }

  private keep(line: string): void {
    const [, name = '', value = '', path = ''] = /^([^=]+)=([^;]*); Path=([^;]+)/.exec(line) ?? [];
    if (line.includes('Max-Age=0')) {
      this.cookies.delete(name);
    } else {
      this.cookies.set(name, { value, path });
    }
  }
}

describe('the client with cookies', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startTestApp({ env: { COOKIES: 'on', JWT_EXPIRES_IN: '1h' } });
  });

  afterAll(() => app.close());

  function newPage(browser = new Browser(app.http.origin)) {
    return { browser, ...clientOf(app, { storage: 'cookies', fetch: browser.fetch }) };
  }

  async function signedInPage() {
    const page = newPage();
    const { user } = await page.client.register({ email: newEmail(), password: PASSWORD });
    return { ...page, user };
  }

  it('signs in, reads, changes and signs out without a token in the page', async () => {
    const { client, browser, ends, user } = await signedInPage();
    expect(browser.names).toEqual(['latchkey', 'latchkey-refresh']);
    expect(await client.profile()).toEqual(user);
    expect(await client.updateProfile({ bio: 'x' })).toMatchObject({ bio: 'x' });
    expect(await client.accessToken()).toBeNull();
    await client.logout();
    expect([browser.names, ends]).toEqual([[], ['logout']]);
    await client.login({ email: user.email, password: PASSWORD });
    expect(await client.profile()).toMatchObject({ id: user.id });
    expect(browser.seen.join('\n')).not.toMatch(/eyJ|Bearer|accessToken|refreshToken/);
  });

  it('renews once for all calls that find the token expired', async () => {
    const { client, user } = await signedInPage();
    app.clock.advance(HOUR_MS + 1_000);
    const requests = recordRequests(app);
    const profiles = await Promise.all(Array.from({ length: 5 }, () => client.profile()));
    requests.stop();
    expect(profiles.map(({ id }) => id)).toEqual(Array(5).fill(user.id));
    expect(requests.names.filter((name) => name === 'POST /api/auth/refresh')).toHaveLength(1);
  });

  it('renews before the token expires', async () => {
    const { client, time } = await signedInPage();
    time.advance(HOUR_MS - 10_000);
    const requests = recordRequests(app);
    await client.profile();
    requests.stop();
    expect(requests.names).toEqual(['POST /api/auth/refresh', 'GET /api/auth/profile']);
  });

  it('uses the cookies of a sign-in that it has not seen, and renews them', async () => {
    const { browser, user } = await signedInPage();
    const { client } = newPage(browser);
    expect(await client.profile()).toMatchObject({ id: user.id });
    app.clock.advance(HOUR_MS + 1_000);
    expect(await client.profile()).toMatchObject({ id: user.id });
  });

  it('reports the end of a session that a sign-in elsewhere has opened', async () => {
    const left = newPage((await signedInPage()).browser);
    await left.client.profile();
    await left.client.logout();
    expect(left.ends).toEqual(['logout']);

    const { browser, user } = await signedInPage();
    const { client, ends } = newPage(browser);
    await client.profile();
    const { accessToken: token } = await app.login(user.email);
    await app.http.post('/api/auth/logout-all', { token });
    expect(await failure(client.profile())).toMatchObject({ code: 'token_revoked' });
    expect(ends).toEqual(['token_revoked']);
  });

  it('reports once that the session has ended', async () => {
    const revoked = await signedInPage();
    const { accessToken: token } = await app.login(revoked.user.email);
    await app.http.post('/api/auth/logout-all', { token });
    const lost = await signedInPage();
    lost.browser.forget();
    const expired = await signedInPage();
    expired.browser.forget();
    expired.time.advance(HOUR_MS);
    for (const [{ client, ends }, code] of [
      [revoked, 'token_revoked'],
      [lost, 'token_missing'],
      [expired, 'token_missing'],
    ] as const) {
      expect(await failure(client.profile())).toMatchObject({ code });
      expect(await failure(client.profile())).toMatchObject({ status: 401 });
      expect(ends).toEqual([code]);
    }
  });

  it('says what is wrong where the server has no cookies, or the page may not use them', async () => {
    const other = await startTestApp({ beside: app });
    const body = { email: newEmail(), password: PASSWORD };
    try {
      const { fetch: asked } = new Browser(other.http.origin);
      const client = createClient({ baseUrl: other.http.origin, storage: 'cookies', fetch: asked });
      expect(await failure(client.register(body))).toMatchObject({
        code: 'validation_failed',
        errors: [{ field: 'cookies' }],
      });
    } finally {
      await other.close();
    }
    const { client } = newPage(new Browser('https://evil.example'));
    expect(await failure(client.register(body))).toMatchObject({
      code: 'cross_site_request',
      detail: expect.stringContaining('CORS_ORIGINS') as string,
    });
  });
});
