import { createHash, randomBytes } from 'node:crypto';
import type { Role } from '../user.store';

/** An invitation to create an account, or to give an account its password. Instants in ms since the Unix epoch. */
export interface Invitation {
  /** UUID; not secret. */
  id: string;
  /** The only address that may use it; null: any address. */
  email: string | null;
  /** Of the account that it creates. */
  role: Role;
  /** The account that it gives a password; null: it creates an account. */
  userId: string | null;
  createdAtMs: number;
  expiresAtMs: number;
}

/** An invitation with its code, which is returned once: only its hash is stored. */
export interface IssuedInvitation extends Invitation {
  code: string;
}

/** 256 bits cannot be guessed, so a fast hash is enough, as for refresh tokens. */
const CODE_BYTES = 32;

export function newCode(): string {
  return randomBytes(CODE_BYTES).toString('base64url');
}

export function hashCode(code: string): Buffer {
  return createHash('sha256').update(code).digest();
}
