import { createCipheriv, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { CompactEncrypt } from 'jose';
import type { TestApp } from '../../support/app';
import { handMadeToken } from '../../support/hand-made-token';
import { lasting } from '../../support/long-tests';
import { RawConnection } from '../../support/raw-connection';
import {
  ACCEPTED,
  ALGORITHMS,
  answerTo,
  INVALID,
  newToken,
  type GoodToken,
  type SigningApp,
  useSigningApp,
} from './signing-app';

const PROFILE = '/api/auth/profile';
const BASE64URL = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'];
const RUNS = lasting(150, 20_000);

describe.each(ALGORITHMS)('where %s signs, the text of an access token', (algorithm) => {
  let issuer: SigningApp;
  let app: TestApp;
  let good: GoodToken;

  useSigningApp(algorithm, (signing) => ({ issuer, app, good } = signing));

  it('V9.1.1: is not accepted with any one character changed', async () => {
    const { token } = good;
    const change = fc.record({
      at: fc.nat(token.length - 1),
      to: fc.constantFrom(...BASE64URL, '.', '=', '+', '/', '~', '\u00e9'),
    });
    await fc.assert(
      fc.asyncProperty(change, async ({ at, to }) => {
        fc.pre(token[at] !== to);
        const changed = token.slice(0, at) + to + token.slice(at + 1);
        expect([at, to, await answerTo(app, changed)]).toEqual([at, to, INVALID]);
      }),
      { numRuns: RUNS },
    );
  });

  // The last character of each part has bits that belong to no byte.
  it('V9.1.1: is not accepted in another spelling of the same bytes', async () => {
    const parts = good.token.split('.');
    for (const [index, part] of parts.entries()) {
      const bytes = Buffer.from(part, 'base64url');
      for (const character of BASE64URL.filter((other) => other !== part.at(-1))) {
        const spelled = part.slice(0, -1) + character;
        if (Buffer.from(spelled, 'base64url').equals(bytes)) {
          const token = parts.map((other, at) => (at === index ? spelled : other)).join('.');
          expect([index, character, await answerTo(app, token)]).toEqual([
            index,
            character,
            INVALID,
          ]);
        }
      }
    }
  });

  it('V9.1.1: is not accepted with a character more or less', async () => {
    const { token } = good;
    const places = [...token].flatMap((character, at) => (character === '.' ? [at, at + 1] : []));
    for (const at of [0, ...places, token.length]) {
      for (const more of ['=', '==', '.', 'A', '%20', '%00']) {
        const longer = token.slice(0, at) + more + token.slice(at);
        expect([at, more, await answerTo(app, longer)]).toEqual([at, more, INVALID]);
      }
    }
    for (const at of [0, ...places.map((place) => place - 1), token.length - 1]) {
      const shorter = token.slice(0, at) + token.slice(at + 1);
      expect([at, await answerTo(app, shorter)]).toEqual([at, INVALID]);
    }
  });

  it('V9.1.1: is not accepted in the alphabet of base64, padded or not', async () => {
    const parts = good.token.split('.');
    for (const [index, part] of parts.entries()) {
      const padded = Buffer.from(part, 'base64url').toString('base64');
      for (const spelled of [padded, padded.replace(/=+$/, '')].filter((text) => text !== part)) {
        const token = parts.map((other, at) => (at === index ? spelled : other)).join('.');
        expect([spelled, await answerTo(app, token)]).toEqual([spelled, INVALID]);
      }
    }
  });

  it('V9.1.1: has white space nowhere but around it', async () => {
    const { token } = good;
    const at = token.indexOf('.') + 10;
    for (const space of [' ', '\t', '\u00a0']) {
      const answer = await app.http.get<{ code: string }>(PROFILE, {
        token: token.slice(0, at) + space + token.slice(at),
      });
      expect([answer.status, answer.body.code]).toEqual([401, 'token_missing']);
    }
  });

  it('V9.1.1: is not that of an encrypted or a nested token', async () => {
    const key = randomBytes(32);
    const encrypted = await new CompactEncrypt(Buffer.from(JSON.stringify(good.claims)))
      .setProtectedHeader({ ...good.header, alg: 'dir', enc: 'A256GCM' })
      .encrypt(key);
    expect(await answerTo(app, encrypted)).toEqual(INVALID);
    expect(await answerTo(app, sealedByHand(good, algorithm))).toEqual(INVALID);
    for (const header of [good.header, { ...good.header, cty: 'JWT' }]) {
      const nested = handMadeToken(header, good.token, issuer.sign);
      expect(await answerTo(app, nested)).toEqual(INVALID);
      const quoted = handMadeToken(header, JSON.stringify(good.token), issuer.sign);
      expect(await answerTo(app, quoted)).toEqual(INVALID);
    }
    const json = JSON.stringify({
      payload: good.token.split('.')[1],
      protected: good.token.split('.')[0],
      signature: good.token.split('.')[2],
    });
    expect(await answerTo(app, Buffer.from(json).toString('base64url'))).toEqual(INVALID);
    expect(await answerTo(app, json.replaceAll('"', '%22'))).toEqual(INVALID);
  });

  it.each([
    'x',
    '.',
    '..',
    '...',
    'a.b',
    'a.b.c',
    'a.b.c.d.e',
    'null',
    '{"alg":"none"}',
    '\u00e9',
    '%00',
  ])('V9.1.1: is not %j', async (text) => {
    expect(await answerTo(app, text)).toEqual(INVALID);
  });

  it('V9.1.1: is not JSON with broken characters, nor a header that is no object', async () => {
    const { claims } = good;
    for (const header of ['[]', '"HS256"', '1', 'null', '{', '', '\ufeff{"alg":"HS256"}', '{}{}']) {
      expect(await answerTo(app, handMadeToken(header, claims, issuer.sign))).toEqual(INVALID);
    }
    const deep = `${'{"a":'.repeat(300)}1${'}'.repeat(300)}`;
    const header = `${JSON.stringify(good.header).slice(0, -1)},"deep":${deep}}`;
    expect(await answerTo(app, handMadeToken(header, claims, issuer.sign))).toEqual(ACCEPTED);
    const proto = `${JSON.stringify({ typ: 'at+jwt' }).slice(0, -1)},"__proto__":{"alg":"${algorithm}"}}`;
    expect(await answerTo(app, handMadeToken(proto, claims, issuer.sign))).toEqual(INVALID);
  });

  it('V9.1.1: is not longer than any of ours, though all else is right', async () => {
    for (const length of [4000, 9000]) {
      const claims = { ...good.claims, more: 'x'.repeat(length) };
      const token = handMadeToken(good.header, claims, issuer.sign);
      expect(await answerTo(app, token)).toEqual(INVALID);
    }
    // Longer than all headers together may be: nothing reads it.
    const huge = handMadeToken(
      good.header,
      { ...good.claims, more: 'x'.repeat(75_000) },
      issuer.sign,
    );
    expect((await answerTo(app, huge))[0]).toBe(431);
  });

  it('V9.1.1: is not chosen among several headers', async () => {
    const other = await newToken(app);
    const forged = handMadeToken(good.header, good.claims, () => randomBytes(64));
    for (const [first, second] of [
      [good.token, forged],
      [forged, good.token],
      [good.token, other.token],
      [good.token, good.token],
    ] as [string, string][]) {
      const answer = await rawAnswer(
        `Authorization: Bearer ${first}\r\nAuthorization: Bearer ${second}\r\n`,
      );
      expect(answer).toMatch(/^HTTP\/1\.1 401 /);
      expect(answer).toContain('"code":"token_missing"');
    }
  });

  it('V9.1.1: is read in the header alone', async () => {
    const { token } = good;
    const missing = [401, 'token_missing'];
    for (const name of ['access_token', 'token', 'authorization', 'jwt', 'bearer_token']) {
      for (const call of [
        app.http.get(`${PROFILE}?${name}=${token}`),
        app.http.get(PROFILE, { headers: { cookie: `${name}=${token}` } }),
        app.http.get(PROFILE, { headers: { [`x-${name.replace('_', '-')}`]: token } }),
        app.http.get(PROFILE, { headers: { 'proxy-authorization': `Bearer ${token}` } }),
        app.http.put(PROFILE, { json: { [name]: token, bio: 'x' } }),
      ]) {
        const { status, body } = await call;
        expect([name, status, body.code]).toEqual([name, ...missing]);
      }
    }
    const forged = handMadeToken(good.header, good.claims, () => randomBytes(64));
    const { status, body } = await app.http.get(`${PROFILE}?access_token=${token}`, {
      token: forged,
      headers: { cookie: `access_token=${token}` },
    });
    expect([status, body.code]).toEqual(INVALID);
  });

  async function rawAnswer(headers: string): Promise<string> {
    const connection = await RawConnection.open(Number(new URL(app.http.origin).port));
    connection.send(`GET ${PROFILE} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n${headers}\r\n`);
    await connection.untilClosed();
    return connection.received;
  }
});

/** Five parts whose header names our algorithm, so that only their number gives them away. */
function sealedByHand(good: GoodToken, alg: string): string {
  const [header, claims] = good.token.split('.') as [string, string];
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', randomBytes(32), iv);
  const sealed = Buffer.concat([cipher.update(claims), cipher.final()]).toString('base64url');
  const tag = cipher.getAuthTag().toString('base64url');
  expect(good.header.alg).toBe(alg);
  return `${header}..${iv.toString('base64url')}.${sealed}.${tag}`;
}
