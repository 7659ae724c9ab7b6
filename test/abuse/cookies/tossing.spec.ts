import { storedStateOf } from '../../support/stored-state';
import { newEmail, PASSWORD, type TestApp } from '../../support/app';
import { RawConnection } from '../../support/raw-connection';
import {
  cookiesOf,
  send,
  signUp,
  SITE,
  startCookieApp,
  valueOf,
  type CookieUser,
} from './cookie-app';

const HOUR_MS = 3_600_000;

/** The attacker has an account, and the cookies of its own session. The victim is signed in. */
describe('cookies that an attacker has planted', () => {
  let app: TestApp;
  let victim: CookieUser;
  let attacker: CookieUser;

  beforeAll(async () => {
    app = await startCookieApp({ env: { JWT_EXPIRES_IN: '1h' } });
  });

  beforeEach(async () => {
    [victim, attacker] = [await signUp(app), await signUp(app)];
  });

  afterAll(() => app.close());

  const profile = async (cookie: string | string[]) => {
    const { status, body } = await send(app, { path: '/api/auth/profile', headers: { cookie } });
    return [status, body.code ?? body.id];
  };
  const refresh = async (cookie: string | string[]) =>
    send(app, { method: 'POST', path: '/api/auth/refresh', headers: { origin: SITE, cookie } });

  describe('beside those of the victim', () => {
    it.each<[string, (one: string, two: string) => string | string[]]>([
      ['before', (own, planted) => `${planted}; ${own}`],
      ['after', (own, planted) => `${own}; ${planted}`],
      ['in another header', (own, planted) => [own, planted]],
      ['without a blank', (own, planted) => `${own};${planted}`],
      ['with many others', (own, planted) => `${own}; ${'a=1; '.repeat(50)}${planted}`],
      ['with the same value', (own) => `${own}; ${own}`],
      ['empty', (own, planted) => `${own}; ${planted.split('=')[0] ?? ''}=`],
    ])('%s are refused', async (_, both) => {
      expect(await profile(both(victim.access, attacker.access))).toEqual([401, 'token_invalid']);
      const { refresh: own, access } = victim;
      const answer = await refresh([access, both(own, attacker.refresh)].flat());
      expect([answer.status, answer.body.code, answer.setCookies]).toEqual([
        401,
        'token_invalid',
        [],
      ]);
      // Nothing was used.
      expect((await refresh(victim.both)).status).toBe(200);
      expect((await refresh(attacker.both)).status).toBe(200);
    });
  });

  it.each<[string, (name: string) => string]>([
    ['in another case', (name) => name.toLowerCase()],
    ['without the prefix', (name) => name.replace(/^__\w+?-/, '')],
    ['with another prefix', (name) => name.replace(/^__Host-|^__Secure-/, '__Http-')],
    ['with a no-break space before', (name) => `\u00a0${name}`],
    ['with a no-break space behind', (name) => `${name}\u00a0`],
    ['with a next-line character before', (name) => `\u0085${name}`],
    ['in percent-encoding', (name) => `%5f%5f${name.slice(2)}`],
    ['with a blank behind', (name) => `${name} `],
    ['in quotes', (name) => `"${name}"`],
    ['behind a comma', (name) => `a=1, ${name}`],
    ['with a version of RFC 2965', (name) => `$Version=1,${name}`],
    ['as a value without a name', (name) => `=${name}`],
  ])('%s are not taken for ours', async (_, spelled) => {
    const planted = `${spelled('__Host-latchkey')}=${valueOf(attacker.access)}`;
    expect(await rawProfile(planted)).toContain('"code":"token_missing"');
    expect(await rawProfile(`${planted}; ${victim.access}`)).toContain(victim.userId);
  });

  /** Sends the bytes unchanged, which the client of Node would refuse. */
  async function rawProfile(cookie: string): Promise<string> {
    const connection = await RawConnection.open(Number(new URL(app.http.origin).port));
    await connection.sendAll(
      Buffer.from(
        `GET /api/auth/profile HTTP/1.1\r\nHost: auth.example.com\r\nConnection: close\r\nCookie: ${cookie}\r\n\r\n`,
        'latin1',
      ),
    );
    await connection.untilClosed();
    return connection.received;
  }

  describe('for the refresh alone, which a subdomain can plant,', () => {
    it('do not move the victim into the session of the attacker', async () => {
      const before = await storedStateOf(app, attacker.userId);
      const answer = await refresh(`${victim.access}; ${attacker.refresh}`);
      expect([answer.status, answer.body.code, answer.setCookies]).toEqual([
        401,
        'token_invalid',
        [],
      ]);
      // Checked before it is used: the token of the attacker is not spent.
      expect(await storedStateOf(app, attacker.userId)).toEqual(before);
    });

    it('nor when the access token has expired', async () => {
      app.clock.advance(HOUR_MS + 1_000);
      expect((await refresh(`${victim.access}; ${attacker.refresh}`)).status).toBe(401);
      expect((await refresh(victim.both)).status).toBe(200);
    });

    it('nor when another session of the same user is planted', async () => {
      const json = { email: victim.email, password: PASSWORD, cookies: true };
      const other = await send(app, {
        method: 'POST',
        path: '/api/auth/login',
        json,
        headers: { origin: SITE },
      });
      expect((await refresh(`${victim.access}; ${cookiesOf(other).refresh}`)).status).toBe(401);
    });

    it('nor when the victim is signed out', async () => {
      const { status, body } = await refresh(attacker.refresh);
      expect([status, body.code]).toEqual([401, 'token_missing']);
    });

    it.each<[string, (token: string) => string]>([
      ['no claims', (token) => token.replace(/\.[^.]+\./, '..')],
      ['claims that are none', (token) => token.replace(/\.[^.]+\./, '.e30.')],
      [
        'a payload that is no JSON',
        (token) => `${base64url({ alg: 'HS256', typ: 'JWT' })}.e30x.${token.split('.')[2]}`,
      ],
      ['no dots', () => 'latchkey'],
      ['too many characters', (token) => token + 'A'.repeat(4096)],
    ])('nor with an access token of %s', async (_, forge) => {
      const forged = `__Host-latchkey=${forge(valueOf(victim.access))}`;
      for (const renewing of [attacker.refresh, victim.refresh]) {
        const answer = await refresh(`${forged}; ${renewing}`);
        expect([answer.status, answer.body.code]).toEqual([401, 'token_invalid']);
      }
    });

    it('nor does a forged access token admit a request', async () => {
      const forged = changed(valueOf(victim.access), { sid: attacker.sessionId });
      const { status } = await send(app, {
        path: '/api/auth/profile',
        headers: { cookie: `__Host-latchkey=${forged}` },
      });
      expect(status).toBe(401);
    });
  });

  it('do not outlive the sign-in of the victim', async () => {
    const json = { email: newEmail(), password: PASSWORD, cookies: true };
    const headers = { origin: SITE, cookie: attacker.both };
    const answer = await send(app, { method: 'POST', path: '/api/auth/register', json, headers });
    const { session } = answer.body as { session: { id: string } };
    expect(session.id).not.toBe(attacker.sessionId);
    expect(answer.setCookies.map((line) => line.split('=')[0])).toEqual([
      '__Host-latchkey',
      '__Secure-latchkey-refresh',
    ]);
  });

  it('of a used refresh token end the session of that token alone', async () => {
    const stolen = victim.both;
    const next = cookiesOf(await refresh(stolen));
    app.clock.advance(60_000);
    expect((await refresh(stolen)).body.code).toBe('token_revoked');
    expect((await profile(next.access))[1]).toBe('token_revoked');
    expect((await profile(attacker.access))[0]).toBe(200);
  });

  describe('with a header Authorization', () => {
    const call = (authorization: string, cookie: string, method = 'GET', headers = {}) =>
      send(app, {
        method,
        path: '/api/auth/profile',
        headers: { authorization, cookie, ...headers },
      });

    it('lose: the header decides', async () => {
      const { body } = await call(`Bearer ${valueOf(attacker.access)}`, victim.access);
      expect(body.id).toBe(attacker.userId);
    });

    it.each([
      ['a bad token', 'Bearer x', 'token_invalid'],
      ['an empty one', '', 'token_missing'],
      ['no token', 'Bearer', 'token_missing'],
      ['another scheme', 'Basic eDp5', 'token_missing'],
    ])('are not tried after %s', async (_, authorization, code) => {
      const { status, body } = await call(authorization, victim.access);
      expect([status, body.code]).toEqual([401, code]);
    });

    it('are not tried after the token of an ended session', async () => {
      const { accessToken: token } = await app.register();
      await app.http.post('/api/auth/logout', { token });
      const { body } = await call(`Bearer ${token}`, victim.access);
      expect(body.code).toBe('token_revoked');
    });

    it('need no origin, since no page can make a browser add that header', async () => {
      const authorization = `Bearer ${valueOf(attacker.access)}`;
      const { status } = await send(app, {
        method: 'PUT',
        path: '/api/auth/profile',
        json: { bio: 'x' },
        headers: { authorization, cookie: victim.access },
      });
      expect(status).toBe(200);
    });
  });

  it('in the query or the body are no cookies', async () => {
    const token = valueOf(victim.access);
    for (const path of [`?__Host-latchkey=${token}`, `?latchkey=${token}`, `?cookie=${token}`]) {
      const { body } = await send(app, { path: `/api/auth/profile${path}` });
      expect(body.code).toBe('token_missing');
    }
    expect(await profile(`latchkey=${token}`)).toEqual([401, 'token_missing']);
    expect(await profile(`__Secure-latchkey-refresh=${token}`)).toEqual([401, 'token_missing']);
  });

  it('with a refresh token in the place of an access token, and the reverse, are refused', async () => {
    const [access, token] = [valueOf(victim.access), valueOf(victim.refresh)];
    expect(await profile(`__Host-latchkey=${token}`)).toEqual([401, 'token_invalid']);
    const swapped = `__Host-latchkey=${token}; __Secure-latchkey-refresh=${access}`;
    expect((await refresh(swapped)).body.code).toBe('token_invalid');
  });
});

function base64url(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/** The token with other claims and its old signature. */
function changed(token: string, claims: object): string {
  const [header = '', payload = '', signature = ''] = token.split('.');
  const old = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object;
  return [header, base64url({ ...old, ...claims }), signature].join('.');
}
