import type { FakeIssuer } from '@latchkey/verifier/testing';
import { createHmac, createPrivateKey, generateKeyPairSync, sign } from 'node:crypto';
import { codeOf, startIssuer, startVerifier, type Fixture } from './fixture';

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('a token', () => {
  let fixture: Fixture;
  let issuer: FakeIssuer;

  beforeAll(async () => {
    fixture = await startVerifier();
    ({ issuer } = fixture);
  });
  afterAll(() => fixture.close());

  const refusal = async (token: string | undefined) => codeOf(fixture.verifier.verify(token));

  it('of a live session tells user, session, role, expiry and claims', async () => {
    const { token, userId, sessionId } = await issuer.issueToken({ role: 'admin' });
    const session = await fixture.verifier.verify(token);
    expect(session).toEqual({
      userId,
      sessionId,
      role: 'admin',
      expiresAt: expect.any(Date) as Date,
      claims: expect.objectContaining({ sub: userId, sid: sessionId, iss: 'latchkey' }) as object,
    });
    expect(session.expiresAt.getTime()).toBe(session.claims.exp * 1_000);
  });

  it.each([
    ['another issuer', { claims: { iss: 'other' } }, 'token_invalid'],
    ['another audience', { claims: { aud: 'other' } }, 'token_invalid'],
    ['another type', { header: { typ: 'JWT' } }, 'token_invalid'],
    ['no session', { claims: { sid: undefined } }, 'token_invalid'],
    ['no expiry', { claims: { exp: undefined } }, 'token_invalid'],
    ['a beginning in the future', { claims: { nbf: 4e9 } }, 'token_invalid'],
    ['an expiry in the past', { expiresInSeconds: -1 }, 'token_expired'],
  ])('with %s is refused without asking the issuer', async (_what, options, code) => {
    const { token } = await issuer.issueToken(options);
    const before = issuer.introspections;
    expect(await refusal(token)).toBe(code);
    expect(issuer.introspections).toBe(before);
  });

  it('for several audiences is accepted if ours is one of them', async () => {
    const { token } = await issuer.issueToken({ claims: { aud: ['other', 'latchkey-api'] } });
    expect(await refusal(token)).toBeUndefined();
  });

  it('with a changed claim, another algorithm or another key is refused without asking the issuer', async () => {
    const { token } = await issuer.issueToken();
    const [header = '', claims = '', signature = ''] = token.split('.');
    const { kid } = JSON.parse(Buffer.from(header, 'base64url').toString()) as { kid: string };
    const changed = part({
      ...(JSON.parse(Buffer.from(claims, 'base64url').toString()) as object),
      sub: 'x',
    });
    const hmacHead = part({ alg: 'HS256', typ: 'at+jwt', kid });
    const hmac = createHmac('sha256', kid).update(`${hmacHead}.${claims}`).digest('base64url');
    const { privateKey } = generateKeyPairSync('ec', {
      namedCurve: 'P-256',
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
      publicKeyEncoding: { type: 'spki', format: 'pem' },
    });
    const key = { key: createPrivateKey(privateKey), dsaEncoding: 'ieee-p1363' as const };
    const foreign = sign('sha256', Buffer.from(`${header}.${claims}`), key).toString('base64url');
    const before = issuer.introspections;
    const forged = [
      `${header}.${changed}.${signature}`,
      `${hmacHead}.${claims}.${hmac}`,
      `${part({ alg: 'ES256', typ: 'at+jwt', kid, crit: ['x'], x: 1 })}.${claims}.${signature}`,
      `${part({ alg: 'none', typ: 'at+jwt' })}.${claims}.x`,
      `${header}.${claims}.${foreign}`,
      `${part({ alg: 'ES256', typ: 'at+jwt', kid: 'unknown' })}.${claims}.${signature}`,
      `${header}.${claims}.`,
      'no token',
      'a.b.c',
      `${'a'.repeat(9_000)}.b.c`,
    ];
    for (const one of forged) {
      expect(await refusal(one)).toBe('token_invalid');
    }
    expect(issuer.introspections).toBe(before);
  });

  it('that is absent is missing', async () => {
    expect(await refusal(undefined)).toBe('token_missing');
    expect(await refusal('')).toBe('token_missing');
  });

  it('that has expired is not accepted from memory', async () => {
    const { token } = await issuer.issueToken({ expiresInSeconds: 5 });
    await fixture.verifier.verify(token);
    fixture.clock.passOnTheWall(5_000);
    expect(await refusal(token)).toBe('token_expired');
  });
});

describe('of an issuer that signs with HS256', () => {
  let fixture: Fixture;
  let issuer: FakeIssuer;

  beforeAll(async () => {
    issuer = await startIssuer({ algorithm: 'HS256' });
    fixture = await startVerifier({ at: issuer });
  });
  afterAll(() => fixture.close());

  it('introspection alone decides', async () => {
    const { token, sessionId } = await issuer.issueToken({ role: 'admin' });
    expect(await fixture.verifier.verify(token)).toMatchObject({ sessionId, role: 'admin' });

    const [header = '', claims = ''] = token.split('.');
    expect(await codeOf(fixture.verifier.verify(`${header}.${claims}.forged`))).toBe(
      'token_revoked',
    );
  });

  it('a token of another type or algorithm is refused without asking the issuer', async () => {
    const { token } = await issuer.issueToken({ header: { typ: 'JWT' } });
    const [, claims = ''] = token.split('.');
    const before = issuer.introspections;
    expect(await codeOf(fixture.verifier.verify(token))).toBe('token_invalid');
    const es256 = `${part({ alg: 'ES256', typ: 'at+jwt' })}.${claims}.x`;
    expect(await codeOf(fixture.verifier.verify(es256))).toBe('token_invalid');
    expect(issuer.introspections).toBe(before);
  });
});
