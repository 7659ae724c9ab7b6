import { createHash, createHmac, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto';

const SECRET_BYTES = 32;
const FORMAT = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.([\w-]{43})$/;

/** A parsed refresh token: its id and its secret. */
export interface RefreshToken {
  /** UUID of its row; not secret. */
  id: string;
  /** 256 bits. Only its hash is stored. */
  secret: Buffer;
}

/** A random token: the first of a session. */
export function newRefreshToken(): RefreshToken {
  return { id: randomUUID(), secret: randomBytes(SECRET_BYTES) };
}

export function newSuccessorSalt(): Buffer {
  return randomBytes(SECRET_BYTES);
}

/**
 * The successor of a used secret. The used secret and the salt always give the same successor, so that a repeated
 * request gets the same answer. The database holds the salt but not the secret: neither is of use alone.
 */
export function successorSecret(used: Buffer, salt: Buffer): Buffer {
  return createHmac('sha256', used).update(salt).digest();
}

/** The form of the client: `id.secret`. */
export function formatRefreshToken({ id, secret }: RefreshToken): string {
  return `${id}.${secret.toString('base64url')}`;
}

/** @returns null for a text that `formatRefreshToken` did not create. */
export function parseRefreshToken(text: string): RefreshToken | null {
  const [, id, secret] = FORMAT.exec(text) ?? [];
  return id && secret ? { id, secret: Buffer.from(secret, 'base64url') } : null;
}

export function hashSecret(secret: Buffer): Buffer {
  return createHash('sha256').update(secret).digest();
}

/** Compares in constant time. */
export function isSecretOf(secret: Buffer, hash: Buffer): boolean {
  return timingSafeEqual(hashSecret(secret), hash);
}
