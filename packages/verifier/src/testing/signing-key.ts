import { randomBytes, randomUUID } from 'node:crypto';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';

export type SigningAlgorithm = 'ES256' | 'HS256';

/** A key pair, or a secret, which the key set does not show. */
export interface SigningKey {
  /** The body of `/.well-known/jwks.json`. */
  readonly keySet: { keys: object[] };
  sign(header: Record<string, unknown>, claims: Record<string, unknown>): Promise<string>;
}

export async function newSigningKey(alg: SigningAlgorithm): Promise<SigningKey> {
  if (alg === 'HS256') {
    const secret = randomBytes(32);
    return {
      keySet: { keys: [] },
      sign: async (header, claims) =>
        new SignJWT(claims).setProtectedHeader({ alg, ...header }).sign(secret),
    };
  }
  const { privateKey, publicKey } = await generateKeyPair(alg);
  const kid = randomUUID();
  return {
    keySet: { keys: [{ ...(await exportJWK(publicKey)), kid, alg, use: 'sig' }] },
    sign: async (header, claims) =>
      new SignJWT(claims).setProtectedHeader({ alg, kid, ...header }).sign(privateKey),
  };
}
