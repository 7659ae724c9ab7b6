import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto';
import type { PublicJwk } from './key-ring';

/** OpenSSL's name of the curve P-256. */
const CURVE = 'prime256v1';

/** A key pair for ES256 (RFC 7518 section 3.4). */
export interface Es256Key {
  /** Thumbprint of the public key. */
  kid: string;
  privateKey: KeyObject;
  publicKey: KeyObject;
  publicJwk: PublicJwk;
}

/**
 * @returns a new key as PKCS#8 PEM (RFC 5958, RFC 7468), and its `kid`. The `kid` never begins with "-": a command line
 * would parse it as an option.
 */
export function generateEs256Key(): { kid: string; pem: string } {
  for (;;) {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: CURVE });
    const { kid } = publicJwkOf(publicKey);
    if (!kid.startsWith('-')) {
      return { kid, pem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
    }
  }
}

/** @returns null for anything but an unencrypted private key on P-256. */
export function parseEs256Key(pem: string): Es256Key | null {
  let privateKey: KeyObject;
  try {
    privateKey = createPrivateKey(pem);
  } catch {
    // The message of OpenSSL may quote its input.
    return null;
  }
  const { asymmetricKeyType, asymmetricKeyDetails } = privateKey;
  if (asymmetricKeyType !== 'ec' || asymmetricKeyDetails?.namedCurve !== CURVE) {
    return null;
  }
  const publicKey = createPublicKey(privateKey);
  const publicJwk = publicJwkOf(publicKey);
  return { kid: publicJwk.kid, privateKey, publicKey, publicJwk };
}

function publicJwkOf(publicKey: KeyObject): PublicJwk {
  const { x, y } = publicKey.export({ format: 'jwk' }) as { x: string; y: string };
  return { kty: 'EC', crv: 'P-256', x, y, kid: thumbprint(x, y), alg: 'ES256', use: 'sig' };
}

/** RFC 7638 section 3: SHA-256 over the required members, in this order, without spaces. */
function thumbprint(x: string, y: string): string {
  const members = JSON.stringify({ crv: 'P-256', kty: 'EC', x, y });
  return createHash('sha256').update(members).digest('base64url');
}
