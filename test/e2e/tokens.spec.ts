import { createHmac, generateKeyPairSync, randomUUID } from 'node:crypto';
import { decode, sign, type JwtPayload, type SignOptions } from 'jsonwebtoken';
import { startTestApp, type TestApp } from '../support/app';
import type { Answer } from '../support/http-client';

const SECRET = 'the secret that signs the tokens of this suite';
const OTHER_SECRET = 'a secret that somebody else has chosen for us';
const HEADER = { alg: 'HS256', typ: 'at+jwt' };
const PROFILE = '/api/auth/profile';
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const INVALID = ['Bearer realm="latchkey"', 'error="invalid_token"'];

type Claims = Record<string, unknown>;

const base64url = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A token written by hand, so that no library straightens out what is wrong with it. */
function byHand(header: object, claims: unknown, secret = SECRET, hash = 'sha256'): string {
  const text = `${base64url(header)}.${base64url(claims)}`;
  return `${text}.${createHmac(hash, secret).update(text).digest('base64url')}`;
}

describe('an access token', () => {
  let app: TestApp;
  let issued: string;
  let claims: Claims;
  let bearer: (authorization?: string, path?: string) => Promise<Answer>;

  beforeAll(async () => {
    const env = { JWT_SECRET: SECRET, JWT_EXPIRES_IN: '48h', SESSION_TTL: '24h' };
    app = await startTestApp({ env });
    issued = (await app.register()).accessToken;
    claims = decode(issued) as JwtPayload;
    bearer = (authorization, path = PROFILE) =>
      app.http.get(path, authorization === undefined ? {} : { headers: { authorization } });
  });

  afterAll(async () => {
    await app.close();
  });

  async function expectRefusal(token: string, code = 'token_invalid') {
    const answer = await bearer(`Bearer ${token}`);
    expect([answer.status, answer.body.code]).toEqual([401, code]);
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    const [realm, error, description, ...more] = answer.headers
      .get('www-authenticate')!
      .split(', ');
    expect([realm, error]).toEqual(INVALID);
    expect(description).toMatch(/^error_description="[^"\\]+"$/);
    expect(more).toEqual([]);
  }

  async function expectMissing(answer: Awaited<ReturnType<typeof bearer>>) {
    expect([answer.status, answer.body.code]).toEqual([401, 'token_missing']);
    expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="latchkey"');
    return Promise.resolve();
  }

  it('says exactly what is documented', async () => {
    const { accessToken, session, user } = await app.register();
    const { header, payload } = decode(accessToken, { complete: true })!;
    expect(header).toEqual(HEADER);
    expect(payload).toEqual({
      sub: user.id,
      sid: session.id,
      jti: expect.stringMatching(UUID) as string,
      iat: Math.floor(Date.parse(session.createdAt) / 1000),
      exp: Math.floor(Date.parse(session.expiresAt) / 1000),
      iss: 'latchkey',
      aud: 'latchkey-api',
    });
  });

  it('never outlives its session, though it might live longer by itself', async () => {
    const { accessToken, expiresIn, session } = await app.register();
    const { exp } = decode(accessToken) as JwtPayload;
    expect(exp! * 1000).toBeLessThanOrEqual(Date.parse(session.expiresAt));
    expect(expiresIn).toBe(86_400);
  });

  it('has an id of its own at every sign-in', async () => {
    const { user } = await app.register();
    const [one, other] = [await app.login(user.email), await app.login(user.email)];
    const ids = [one, other].map(({ accessToken }) => (decode(accessToken) as JwtPayload).jti);
    expect(new Set(ids).size).toBe(2);
  });

  it('is accepted when it is rebuilt claim by claim: the forgeries below differ in one thing', async () => {
    expect((await bearer(`Bearer ${byHand(HEADER, claims)}`)).status).toBe(200);
    expect((await bearer(`Bearer ${sign(claims, SECRET, { header: HEADER })}`)).status).toBe(200);
  });

  it.each(['none', 'None', 'NONE', 'nOnE', '', 'HS256 ', 'hs256'])(
    'is refused with the algorithm %j, signed or not',
    async (alg) => {
      const signed = byHand({ ...HEADER, alg }, claims);
      const unsigned = signed.slice(0, signed.lastIndexOf('.') + 1);
      await expectRefusal(signed);
      await expectRefusal(unsigned);
      await expectRefusal(unsigned.slice(0, -1));
    },
  );

  it('is refused without any algorithm', async () => {
    await expectRefusal(byHand({ typ: 'at+jwt' }, claims));
  });

  it.each<[string, string]>([
    ['HS384', 'sha384'],
    ['HS512', 'sha512'],
  ])('is refused when the right secret signs it with %s', async (alg, hash) => {
    await expectRefusal(byHand({ ...HEADER, alg }, claims, SECRET, hash));
  });

  it.each(['RS256', 'PS256', 'ES256', 'EdDSA'])(
    'is refused when an HMAC calls itself %s',
    async (alg) => {
      await expectRefusal(byHand({ ...HEADER, alg }, claims));
    },
  );

  it('is refused when a key pair of somebody signs it', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    await expectRefusal(sign(claims, privateKey, { header: { ...HEADER, alg: 'RS256' } }));
  });

  it('is refused when another secret signs it, or an empty one', async () => {
    await expectRefusal(byHand(HEADER, claims, OTHER_SECRET));
    await expectRefusal(byHand(HEADER, claims, ''));
  });

  it('is refused when its claims or its header change under the old signature', async () => {
    const [header, payload, signature] = issued.split('.');
    const changed = base64url({ ...claims, exp: (claims.exp as number) + 1 });
    await expectRefusal(`${header}.${changed}.${signature}`);
    await expectRefusal(`${base64url({ ...HEADER, kid: '1' })}.${payload}.${signature}`);
    await expectRefusal(`${header}.${payload}.${[...signature!].reverse().join('')}`);
  });

  it.each<[string, unknown]>([
    ['JWT', 'JWT'],
    ['absent', undefined],
    ['in capitals', 'AT+JWT'],
    ['with the media type in front', 'application/at+jwt'],
    ['an ID token', 'id+jwt'],
    ['a list', ['at+jwt']],
  ])('is refused when its type is %s', async (_what, typ) => {
    await expectRefusal(byHand({ alg: 'HS256', typ }, claims));
  });

  it.each<[string, Claims]>([
    ['another issuer', { iss: 'somebody' }],
    ['a list of issuers', { iss: ['latchkey'] }],
    ['another audience', { aud: 'somebody-api' }],
    ['a list with our audience', { aud: ['latchkey-api'] }],
    ['a list with our audience and another', { aud: ['latchkey-api', 'somebody-api'] }],
    ['a user id that is none', { sub: 'admin' }],
    ['a user id with a key pattern', { sub: '{*}' }],
    ['a user id that is a number', { sub: 1 }],
    ['a user id in capitals', { sub: randomUUID().toUpperCase() }],
    ['a session id that is none', { sid: '#generation' }],
    ['a session id that is an object', { sid: {} }],
    ['an empty id', { jti: 5 }],
    ['an expiry in words', { exp: 'tomorrow' }],
    ['an expiry with a fraction', { exp: Math.floor(Date.now() / 1000) + 3600.5 }],
    ['an issue time in words', { iat: 'yesterday' }],
    ['a start in the future', { nbf: Math.floor(Date.now() / 1000) + 60 }],
    ['a start in words', { nbf: 'now' }],
  ])('is refused with %s, though the right secret signs it', async (_what, change) => {
    await expectRefusal(byHand(HEADER, { ...claims, ...change }));
  });

  it.each(['sub', 'sid', 'jti', 'iat', 'exp', 'iss', 'aud'])(
    'is refused without %s or with null in it',
    async (claim) => {
      await expectRefusal(byHand(HEADER, { ...claims, [claim]: undefined }));
      await expectRefusal(byHand(HEADER, { ...claims, [claim]: null }));
    },
  );

  it.each<[string, unknown]>([
    ['a list', []],
    ['a string', 'claims'],
    ['null', null],
    ['a number', 1],
  ])('is refused when its claims are %s', async (_what, payload) => {
    await expectRefusal(byHand(HEADER, payload));
  });

  it('may be issued in the future: clocks differ, and its expiry bounds it', async () => {
    const iat = Math.floor(Date.now() / 1000) + 300;
    expect((await bearer(`Bearer ${byHand(HEADER, { ...claims, iat })}`)).status).toBe(200);
  });

  it('is refused as expired from the second of its expiry on', async () => {
    const now = Math.floor(Date.now() / 1000);
    await expectRefusal(byHand(HEADER, { ...claims, exp: now }), 'token_expired');
    await expectRefusal(byHand(HEADER, { ...claims, exp: now - 3600 }), 'token_expired');
    const options: SignOptions = { header: HEADER };
    await expectRefusal(sign({ ...claims, exp: now - 1 }, OTHER_SECRET, options));
  });

  it("is refused when it names another user's or an unknown session", async () => {
    const other = await app.register();
    await expectRefusal(byHand(HEADER, { ...claims, sub: other.user.id }), 'token_revoked');
    await expectRefusal(byHand(HEADER, { ...claims, sid: other.session.id }), 'token_revoked');
    await expectRefusal(byHand(HEADER, { ...claims, sid: randomUUID() }), 'token_revoked');
  });

  it('is refused when its header brings a key, a place of keys or a path to them', async () => {
    const jwk = { kty: 'oct', k: Buffer.from(OTHER_SECRET).toString('base64url') };
    const offers = [
      { jwk },
      { jku: 'https://keys.example.com/jwks.json' },
      { x5u: 'https://keys.example.com/key.pem' },
      { kid: '../../../../dev/null' },
      { kid: "' UNION SELECT 'key" },
    ];
    for (const offer of offers) {
      await expectRefusal(byHand({ ...HEADER, ...offer }, claims, OTHER_SECRET));
      await expectRefusal(byHand({ ...HEADER, ...offer }, claims, ''));
    }
  });

  it('is refused when it has extensions that must be understood', async () => {
    await expectRefusal(byHand({ ...HEADER, crit: ['exp'] }, claims));
    await expectRefusal(byHand({ ...HEADER, crit: [] }, claims));
    await expectRefusal(byHand({ ...HEADER, crit: ['b64'], b64: false }, claims));
  });

  it.each(['x', '.', '..', 'a.b', 'a.b.c', 'a.b.c.d.e', 'null', '{"alg":"none"}', 'é', '%00'])(
    'is not the text %j',
    async (text) => {
      await expectRefusal(text);
    },
  );

  it('is refused when it is longer than any of ours, though all else is right', async () => {
    await expectRefusal(byHand(HEADER, { ...claims, more: 'x'.repeat(4000) }));
    const huge = await fetch(new URL(PROFILE, app.http.origin), {
      headers: { authorization: `Bearer ${'x'.repeat(100_000)}` },
    });
    expect(huge.status).toBe(431);
  });

  it.each(['bearer', 'BEARER', 'bEaReR'])('may follow the scheme %s', async (scheme) => {
    expect((await bearer(`${scheme} ${issued}`)).status).toBe(200);
  });

  it.each([
    ['nothing at all', () => undefined],
    ['an empty header', () => ''],
    ['the scheme alone', () => 'Bearer'],
    ['the token alone', () => issued],
    ['another scheme', () => `Basic ${Buffer.from('ada:secret').toString('base64')}`],
    ['another scheme with our token', () => `Token ${issued}`],
    ['a scheme that only begins so', () => `BearerX ${issued}`],
    ['two tokens', () => `Bearer ${issued} ${issued}`],
    ['two tokens in a list', () => `Bearer ${issued}, Bearer ${issued}`],
  ])('is missing when the header has %s', async (_what, authorization) => {
    await expectMissing(await bearer(authorization()));
  });

  it('is missing when it comes anywhere but in the header', async () => {
    await expectMissing(await bearer(undefined, `${PROFILE}?access_token=${issued}`));
    await expectMissing(await bearer(undefined, `${PROFILE}?token=${issued}`));
    const cookie = `access_token=${issued}; token=${issued}`;
    await expectMissing(await app.http.get(PROFILE, { headers: { cookie } }));
    const headers = { 'x-access-token': issued, 'proxy-authorization': `Bearer ${issued}` };
    await expectMissing(await app.http.get(PROFILE, { headers }));
    const json = { access_token: issued, bio: 'x' };
    await expectMissing(await app.http.put(PROFILE, { json }));
  });

  it('is not made valid by a good one in the query string', async () => {
    const forged = byHand(HEADER, claims, OTHER_SECRET);
    const answer = await bearer(`Bearer ${forged}`, `${PROFILE}?access_token=${issued}`);
    expect([answer.status, answer.body.code]).toEqual([401, 'token_invalid']);
  });

  it('leaves no trace in the log, good or bad', () => {
    const log = app.log.join('');
    expect(log).not.toContain(issued);
    expect(log).not.toContain(issued.split('.')[2]);
    expect(log).not.toContain(SECRET);
  });
});
