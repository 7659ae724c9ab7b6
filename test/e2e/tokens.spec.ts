import { decode, sign, type JwtPayload, type SignOptions } from 'jsonwebtoken';
import { startTestApp, type TestApp } from '../support/app';
import { handMadeToken, hmac } from '../support/hand-made-token';
import type { Answer } from '../support/http-client';

const SECRET = 'the secret that signs the tokens of this suite';
const OTHER_SECRET = 'a secret that an attacker has chosen for us';
const HEADER = { alg: 'HS256', typ: 'at+jwt' };
const PROFILE = '/api/auth/profile';
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const INVALID = ['Bearer realm="latchkey"', 'error="invalid_token"'];

type Claims = Record<string, unknown>;

/** For forged tokens see test/asvs/attacks/jwt-*.spec.ts. */
describe('an access token', () => {
  let app: TestApp;
  let issued: string;
  let claims: Claims;
  let bearer: (authorization?: string) => Promise<Answer>;

  beforeAll(async () => {
    const env = { JWT_SECRET: SECRET, JWT_EXPIRES_IN: '48h', SESSION_TTL: '24h' };
    app = await startTestApp({ env });
    issued = (await app.register()).accessToken;
    claims = decode(issued) as JwtPayload;
    bearer = (authorization) =>
      app.http.get(PROFILE, authorization === undefined ? {} : { headers: { authorization } });
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

  it('has exactly the documented claims', async () => {
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
      auth_time: Math.floor(Date.parse(session.createdAt) / 1000),
      amr: ['pwd'],
    });
  });

  it('never outlives its session, also when its own life is longer', async () => {
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

  it('is refused as expired from the second of its expiry on', async () => {
    const now = Math.floor(Date.now() / 1000);
    const expiring = (exp: number) => handMadeToken(HEADER, { ...claims, exp }, hmac(SECRET));
    await expectRefusal(expiring(now), 'token_expired');
    await expectRefusal(expiring(now - 3600), 'token_expired');
    const options: SignOptions = { header: HEADER };
    await expectRefusal(sign({ ...claims, exp: now - 1 }, OTHER_SECRET, options));
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

  it('leaves no trace in the log, valid or not', () => {
    const log = app.log.join('');
    expect(log).not.toContain(issued);
    expect(log).not.toContain(issued.split('.')[2]);
    expect(log).not.toContain(SECRET);
  });
});
