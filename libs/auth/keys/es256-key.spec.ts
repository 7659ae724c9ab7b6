import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { calculateJwkThumbprint } from 'jose';
import { generateEs256Key, parseEs256Key } from './es256-key';

describe('an ES256 key', () => {
  it('is named after its RFC 7638 thumbprint, as another library computes it', async () => {
    const { kid, pem } = generateEs256Key();
    const key = parseEs256Key(pem)!;
    expect(key.kid).toBe(kid);
    const { kty, crv, x, y } = key.publicJwk;
    expect(kid).toBe(await calculateJwkThumbprint({ kty, crv, x, y }));
  });

  it('has a kid that does not start with a hyphen', () => {
    // One thumbprint in 64 begins with "-".
    const kids = Array.from({ length: 600 }, () => generateEs256Key().kid);
    expect(kids.filter((kid) => kid.startsWith('-'))).toEqual([]);
  });

  it('is written as PKCS#8', () => {
    const { pem } = generateEs256Key();
    expect(pem).toMatch(/^-----BEGIN PRIVATE KEY-----\n/);
    expect(createPrivateKey(pem).asymmetricKeyDetails?.namedCurve).toBe('prime256v1');
  });

  it('has no private part in its public JWK', () => {
    const { publicJwk } = parseEs256Key(generateEs256Key().pem)!;
    expect(Object.keys(publicJwk).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
  });

  const pkcs8 = { type: 'pkcs8', format: 'pem' } as const;

  it.each([
    ['a P-384 key', generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey.export(pkcs8)],
    [
      'a secp256k1 key',
      generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey.export(pkcs8),
    ],
    ['an Ed25519 key', generateKeyPairSync('ed25519').privateKey.export(pkcs8)],
    ['an RSA key', generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export(pkcs8)],
    [
      'a public key',
      generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({
        type: 'spki',
        format: 'pem',
      }),
    ],
    [
      'an encrypted key',
      generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({
        ...pkcs8,
        cipher: 'aes-256-cbc',
        passphrase: 'secret',
      }),
    ],
    ['half a key', generateEs256Key().pem.slice(0, 100)],
    ['nothing', ''],
  ])('%s is refused', (_, pem) => {
    expect(parseEs256Key(pem.toString())).toBeNull();
  });
});
