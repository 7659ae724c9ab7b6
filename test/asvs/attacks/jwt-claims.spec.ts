import { randomUUID } from 'node:crypto';
import type { TestApp } from '../../support/app';
import { handMadeToken } from '../../support/hand-made-token';
import {
  ACCEPTED,
  ALGORITHMS,
  answerTo,
  EXPIRED,
  INVALID,
  newToken,
  REVOKED,
  type GoodToken,
  type SigningApp,
  useSigningApp,
} from './signing-app';

const nowSeconds = () => Math.floor(Date.now() / 1000);

/** All signed with the right key. */
const WRONG_CLAIMS: [title: string, change: Record<string, unknown>][] = [
  ['V9.1.1: another issuer', { iss: 'another' }],
  ['V9.1.1: an issuer that only begins like ours', { iss: 'latchkey.example.com' }],
  ['V9.1.1: a list of issuers', { iss: ['latchkey'] }],
  ['V9.2.3: another audience', { aud: 'another-api' }],
  ['V9.2.3: a list with our audience', { aud: ['latchkey-api'] }],
  ['V9.2.3: a list with our audience and another', { aud: ['latchkey-api', 'another-api'] }],
  ['V9.2.3: an audience in capitals', { aud: 'LATCHKEY-API' }],
  ['V9.1.1: a malformed user id', { sub: 'admin' }],
  ['V9.1.1: a user id with a key pattern', { sub: '{*}' }],
  ['V9.1.1: a user id that is a number', { sub: 1 }],
  ['V9.1.1: a user id in capitals', { sub: randomUUID().toUpperCase() }],
  ['V9.1.1: a user id with a line break', { sub: `${randomUUID()}\n` }],
  ['V9.1.1: a list of user ids', { sub: [randomUUID()] }],
  ['V9.1.1: a malformed session id', { sid: '#' }],
  ['V9.1.1: a session id that is an object', { sid: {} }],
  ['V9.1.1: an id that is a number', { jti: 5 }],
  ['V9.2.1: an expiry in words', { exp: 'tomorrow' }],
  ['V9.2.1: an expiry as text', { exp: String(nowSeconds() + 3600) }],
  ['V9.2.1: an expiry with a fraction', { exp: nowSeconds() + 3600.5 }],
  ['V9.2.1: an expiry beyond exact numbers', { exp: 1e300 }],
  ['V9.2.1: an expiry in a list', { exp: [nowSeconds() + 3600] }],
  ['V9.2.1: an issue time in words', { iat: 'yesterday' }],
  ['V9.2.1: an issue time beyond exact numbers', { iat: -1e300 }],
  ['V9.2.1: a start in words', { nbf: 'now' }],
];

const PAST: [title: string, exp: () => number][] = [
  ['now', nowSeconds],
  ['an hour ago', () => nowSeconds() - 3600],
  ['at the epoch', () => 0],
  ['before the epoch', () => -1],
  ['long before the epoch', () => -Number.MAX_SAFE_INTEGER],
];

describe.each(ALGORITHMS)('where %s signs, an access token', (algorithm) => {
  let issuer: SigningApp;
  let app: TestApp;
  let good: GoodToken;

  useSigningApp(algorithm, (signing) => ({ issuer, app, good } = signing));

  function withClaims(change: Record<string, unknown>): string {
    return handMadeToken(good.header, { ...good.claims, ...change }, issuer.sign);
  }

  it.each(WRONG_CLAIMS)('%s is refused, though the right key signs it', async (_title, change) => {
    expect(await answerTo(app, withClaims(change))).toEqual(INVALID);
  });

  it('V9.2.1: a start in the future is refused, though the right key signs it', async () => {
    expect(await answerTo(app, withClaims({ nbf: nowSeconds() + 60 }))).toEqual(INVALID);
  });

  it.each(['sub', 'sid', 'jti', 'iat', 'exp', 'iss', 'aud'])(
    'V9.1.1: is refused without %s, or with no value of its kind in it',
    async (claim) => {
      for (const value of [undefined, null, {}, []]) {
        expect(await answerTo(app, withClaims({ [claim]: value }))).toEqual(INVALID);
      }
    },
  );

  it.each<[string, unknown]>([
    ['a list', []],
    ['a string', '"claims"'],
    ['no JSON', 'claims'],
    ['nothing', ''],
    ['null', null],
    ['a number', 1],
    ['another token', 'eyJhbGciOiJub25lIn0.e30.'],
  ])('V9.1.1: is refused when its claims are %s', async (_what, claims) => {
    expect(await answerTo(app, handMadeToken(good.header, claims, issuer.sign))).toEqual(INVALID);
  });

  it.each(PAST)('V9.2.1: is expired when its expiry was %s', async (_when, exp) => {
    expect(await answerTo(app, withClaims({ exp: exp() }))).toEqual(EXPIRED);
  });

  it('V9.2.1: is expired with two expiries of which the last is past', async () => {
    const later = JSON.stringify(good.claims);
    const twice = `${later.slice(0, -1)},"exp":${nowSeconds() - 1}}`;
    expect(await answerTo(app, handMadeToken(good.header, twice, issuer.sign))).toEqual(EXPIRED);
  });

  it('V9.2.1: may be issued in the future: clocks differ, and its expiry bounds it', async () => {
    expect(await answerTo(app, withClaims({ iat: nowSeconds() + 300 }))).toEqual(ACCEPTED);
  });

  it('V9.2.1: ends with its session, also when it expires later', async () => {
    const { header, claims } = await newToken(app);
    const farOff = { ...claims, exp: Number.MAX_SAFE_INTEGER };
    const token = handMadeToken(header, farOff, issuer.sign);
    expect(await answerTo(app, token)).toEqual(ACCEPTED);
    app.clock.advance(86_400_000);
    const [status, code] = await answerTo(app, token);
    app.clock.advance(-86_400_000);
    expect([status, code]).toEqual(EXPIRED);
  });

  it("V8.2.2: is refused when it joins one user to another's session, though the right key signs it", async () => {
    const other = await newToken(app);
    for (const change of [
      { sub: other.claims.sub },
      { sid: other.claims.sid },
      { sid: other.claims.sub },
      { sub: other.claims.sid },
      { sid: randomUUID() },
      { sub: randomUUID(), sid: randomUUID() },
      { sub: good.claims.sid, sid: good.claims.sub },
    ]) {
      expect(await answerTo(app, withClaims(change))).toEqual(REVOKED);
    }
  });

  it('V8.3.1: gains no right by claims that we do not issue', async () => {
    const token = withClaims({ role: 'admin', roles: ['admin'], scope: 'admin', admin: true });
    expect(await answerTo(app, token)).toEqual(ACCEPTED);
    const { headers } = await app.http.get('/api/auth/verify', { token });
    expect(headers.get('x-user-role')).toBe('user');
    expect((await app.http.delete('/api/admin/sessions', { token })).status).toBe(403);
  });

  it.each<[string, unknown]>([
    ['JWT', 'JWT'],
    ['absent', undefined],
    ['null', null],
    ['empty', ''],
    ['in capitals', 'AT+JWT'],
    ['with the media type in front', 'application/at+jwt'],
    ['an ID token', 'id+jwt'],
    ['a logout token', 'logout+jwt'],
    ['a list', ['at+jwt']],
  ])('V9.2.2: is refused when its type is %s', async (_what, typ) => {
    const token = handMadeToken({ ...good.header, typ }, good.claims, issuer.sign);
    expect(await answerTo(app, token)).toEqual(INVALID);
  });

  it('V9.2.2: and a refresh token do not replace each other', async () => {
    const { token, refreshToken } = await newToken(app);
    expect(await answerTo(app, refreshToken)).toEqual(INVALID);
    const refresh = (json: unknown) => app.http.post('/api/auth/refresh', { json });
    const [header, claims, signature] = token.split('.') as [string, string, string];
    // Longer than a refresh token can be.
    const whole = await refresh({ refreshToken: token });
    expect([whole.status, whole.body.code]).toEqual([400, 'validation_failed']);
    for (const part of [header, signature, `${header}.${signature}`, `${claims}.`.slice(0, 256)]) {
      const answer = await refresh({ refreshToken: part });
      expect([answer.status, answer.body.code]).toEqual(INVALID);
    }
    expect((await refresh({ refreshToken })).status).toBe(200);
  });
});
