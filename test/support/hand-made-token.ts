import { createHmac, sign as signWith, type KeyObject } from 'node:crypto';

/** From the text that is signed to its signature. */
export type Signer = (text: string) => Buffer;

/**
 * A JWS in compact form (RFC 7515), without a library that corrects errors.
 * @param header, claims text is used unchanged, other values become JSON.
 */
export function handMadeToken(header: unknown, claims: unknown, sign: Signer): string {
  const text = `${encoded(header)}.${encoded(claims)}`;
  return `${text}.${sign(text).toString('base64url')}`;
}

/** HS256, or another hash. */
export function hmac(secret: string | Buffer, hash = 'sha256'): Signer {
  return (text) => createHmac(hash, secret).update(text).digest();
}

/** ES256: r and s side by side (RFC 7518 section 3.4). */
export function es256(privateKey: KeyObject): Signer {
  return (text) =>
    signWith('sha256', Buffer.from(text), { key: privateKey, dsaEncoding: 'ieee-p1363' });
}

/** With RSA, where the key is one. */
export function rs256(privateKey: KeyObject): Signer {
  return (text) => signWith('sha256', Buffer.from(text), privateKey);
}

function encoded(part: unknown): string {
  return Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url');
}

/** Header and claims of a token, unchecked. */
export function readToken(token: string): {
  header: Record<string, unknown>;
  claims: Record<string, unknown>;
} {
  const [header = '', claims = ''] = token.split('.');
  const read = (part: string) =>
    JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>;
  return { header: read(header), claims: read(claims) };
}
