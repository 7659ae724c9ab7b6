import { createHash, createHmac, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto';

const SECRET_BYTES = 32;
const FORMAT = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.([\w-]{43})$/;

/** A refresh token taken apart: where to look it up, and what proves it. */
export interface RefreshToken {
  /** UUID of its row; not secret. */
  id: string;
  /** 256 bits. Never stored: only its hash is. */
  secret: Buffer;
}

/** A token that follows from nothing: the first of a session. */
export function newRefreshToken(): RefreshToken {
  return { id: randomUUID(), secret: randomBytes(SECRET_BYTES) };
}

export function newSuccessorSalt(): Buffer {
  return randomBytes(SECRET_BYTES);
}

/**
 * The secret that follows a used one. A holder of the used secret and the salt gets the same
 * successor each time, so a repeated request can be answered alike; the database holds the salt but
 * not the secret, and a thief of either alone gets nothing.
 */
export function successorSecret(used: Buffer, salt: Buffer): Buffer {
  return createHmac('sha256', used).update(salt).digest();
}

/** As the client holds it: `id.secret`. */
export function formatRefreshToken({ id, secret }: RefreshToken): string {
  return `${id}.${secret.toString('base64url')}`;
}

/** @returns null for anything that was not made by `formatRefreshToken`. */
export function parseRefreshToken(text: string): RefreshToken | null {
  const [, id, secret] = FORMAT.exec(text) ?? [];
  return id && secret ? { id, secret: Buffer.from(secret, 'base64url') } : null;
}

export function hashSecret(secret: Buffer): Buffer {
  return createHash('sha256').update(secret).digest();
}

/** Takes the same time wherever the difference is. */
export function isSecretOf(secret: Buffer, hash: Buffer): boolean {
  return timingSafeEqual(hashSecret(secret), hash);
}
