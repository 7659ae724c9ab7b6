import { generateKeyPairSync } from 'node:crypto';
import type { TestApp } from '../../support/app';
import { es256, handMadeToken, hmac, rs256, type Signer } from '../../support/hand-made-token';
import {
  ACCEPTED,
  ALGORITHMS,
  answerTo,
  INVALID,
  type GoodToken,
  type SigningApp,
  useSigningApp,
} from './signing-app';

/** RFC 7518 section 3.1, RFC 8037, and misspellings of them. */
const NAMES = [
  ...['HS256', 'HS384', 'HS512', 'RS256', 'RS384', 'RS512', 'PS256', 'ES256', 'ES384', 'ES512'],
  ...['EdDSA', 'Ed25519', 'HS256 ', 'hs256', 'es256', 'ES256K', 'dir', '*'],
];
const NONE = ['none', 'None', 'NONE', 'nOnE', ' none', 'none\0', ''];
const OTHER_SECRET = 'a secret that an attacker has chosen for us';

/** Keys of an attacker, each with the algorithm that it is for. */
function foreignSigners(): [alg: string, sign: Signer][] {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  const ec = generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey;
  return [
    ['RS256', rs256(rsa)],
    ['ES256', es256(ec)],
    ['HS256', hmac(OTHER_SECRET)],
    ['HS256', hmac('')],
  ];
}

describe.each(ALGORITHMS)('where %s signs, an access token', (algorithm) => {
  let issuer: SigningApp;
  let app: TestApp;
  let good: GoodToken;

  useSigningApp(algorithm, (signing) => ({ issuer, app, good } = signing));

  it('V9.1.1: is accepted when it is rebuilt by hand: the forgeries below differ in one thing', async () => {
    const rebuilt = handMadeToken(good.header, good.claims, issuer.sign);
    expect(await answerTo(app, rebuilt)).toEqual(ACCEPTED);
  });

  it.each(NONE)(
    'V9.1.2: is refused with the algorithm %j, signed, unsigned or cut off',
    async (alg) => {
      const signed = handMadeToken({ ...good.header, alg }, good.claims, issuer.sign);
      const unsigned = signed.slice(0, signed.lastIndexOf('.') + 1);
      for (const token of [signed, unsigned, unsigned.slice(0, -1)]) {
        expect(await answerTo(app, token)).toEqual(INVALID);
      }
    },
  );

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a list with ours', [algorithm]],
    ['an object', { alg: algorithm }],
    ['a number', 256],
    ['true', true],
  ])('V9.1.2: is refused with %s for an algorithm', async (_what, alg) => {
    const token = handMadeToken({ ...good.header, alg }, good.claims, issuer.sign);
    expect(await answerTo(app, token)).toEqual(INVALID);
  });

  it.each(NAMES.filter((name) => name !== algorithm))(
    'V9.1.2: is refused when the header of our signature names %j',
    async (alg) => {
      const token = handMadeToken({ ...good.header, alg }, good.claims, issuer.sign);
      expect(await answerTo(app, token)).toEqual(INVALID);
    },
  );

  it.each(foreignSigners())(
    'V9.1.1: is refused with the %s signature of another key',
    async (alg, sign) => {
      for (const called of [alg, algorithm]) {
        const token = handMadeToken({ ...good.header, alg: called }, good.claims, sign);
        expect(await answerTo(app, token)).toEqual(INVALID);
      }
    },
  );

  it('V9.1.2: is refused when the secret of the settings signs it with another algorithm', async () => {
    const secret = 'the secret that signs the tokens of this suite';
    for (const [alg, hash] of [
      ['HS384', 'sha384'],
      ['HS512', 'sha512'],
      ...(algorithm === 'ES256' ? [['HS256', 'sha256']] : []),
    ] as [string, string][]) {
      for (const header of [
        { ...good.header, alg },
        { typ: 'at+jwt', alg },
      ]) {
        const token = handMadeToken(header, good.claims, hmac(secret, hash));
        expect(await answerTo(app, token)).toEqual(INVALID);
      }
    }
  });

  it('V9.1.2: is refused when the last of two algorithms in the header is none', async () => {
    const others = JSON.stringify({ ...good.header, alg: undefined }).slice(1);
    for (const header of [
      `{"alg":"${algorithm}","alg":"none",${others}`,
      `{"alg":"none","alg":"${algorithm}",${others}`,
    ]) {
      const unsigned = handMadeToken(header, good.claims, () => Buffer.alloc(0));
      expect(await answerTo(app, unsigned)).toEqual(INVALID);
    }
    const signed = handMadeToken(
      `{"alg":"${algorithm}","alg":"none",${others}`,
      good.claims,
      issuer.sign,
    );
    expect(await answerTo(app, signed)).toEqual(INVALID);
  });

  it('V9.1.1: is refused when header or claims change under the old signature', async () => {
    const [header, claims, signature] = good.token.split('.') as [string, string, string];
    const later = { ...good.claims, exp: (good.claims.exp as number) + 1 };
    const [otherHeader, otherClaims] = handMadeToken(
      { ...good.header, cty: 'JWT' },
      later,
      issuer.sign,
    ).split('.') as [string, string];
    for (const token of [
      `${header}.${otherClaims}.${signature}`,
      `${otherHeader}.${claims}.${signature}`,
      `${header}.${claims}.${[...signature].reverse().join('')}`,
      `${header}.${claims}.${Buffer.alloc(64).toString('base64url')}`,
      `${header}.${claims}.${Buffer.alloc(32).toString('base64url')}`,
      `${header}.${claims}.A`,
    ]) {
      expect(await answerTo(app, token)).toEqual(INVALID);
    }
  });

  it('V9.1.2: is accepted from a key that is being changed, under the algorithm and the id of that key alone', async () => {
    for (const { header, sign } of issuer.accepted) {
      expect(await answerTo(app, handMadeToken(header, good.claims, sign))).toEqual(ACCEPTED);
      const ids = [good.header.kid, ...issuer.accepted.map((other) => other.header.kid), 'x'];
      const { alg } = header;
      for (const otherAlg of ['HS256', 'ES256', 'HS512', 'none']) {
        for (const kid of ids.filter((id) => id !== header.kid || otherAlg !== alg)) {
          const token = handMadeToken({ ...header, alg: otherAlg, kid }, good.claims, sign);
          expect([otherAlg, kid, await answerTo(app, token)]).toEqual([otherAlg, kid, INVALID]);
        }
      }
    }
  });

  it.each<[string, (key: SigningApp) => (string | Buffer)[]]>([
    [
      'PEM',
      ({ publicKey }) => {
        const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
        return [pem, pem.trim(), pem.replace(/\n/g, '\r\n'), pem.replace(/-----.*?-----|\n/g, '')];
      },
    ],
    ['DER', ({ publicKey }) => [publicKey.export({ type: 'spki', format: 'der' })]],
    [
      'JWK',
      ({ publicKey }) => {
        const jwk = publicKey.export({ format: 'jwk' });
        const coordinates = [jwk.x!, jwk.y!];
        const bytes = coordinates.map((text) => Buffer.from(text, 'base64url'));
        return [JSON.stringify(jwk), ...coordinates, ...bytes, Buffer.concat(bytes)];
      },
    ],
  ])(
    'V9.1.2: is refused when our public key, as %s, serves as a secret',
    async (_form, secrets) => {
      for (const secret of secrets(issuer)) {
        for (const header of [good.header, ...issuer.accepted.map((other) => other.header)]) {
          for (const alg of ['HS256', 'ES256']) {
            const token = handMadeToken({ ...header, alg }, good.claims, hmac(secret));
            expect(await answerTo(app, token)).toEqual(INVALID);
          }
        }
      }
    },
  );

  it('V9.1.2: is refused with the signature that fits every key where zeros are not checked', async () => {
    for (const header of [good.header, ...issuer.accepted.map((other) => other.header)]) {
      for (const zeros of [Buffer.alloc(64), Buffer.from('3006020100020100', 'hex')]) {
        const token = handMadeToken(header, good.claims, () => zeros);
        expect(await answerTo(app, token)).toEqual(INVALID);
      }
    }
  });
});
