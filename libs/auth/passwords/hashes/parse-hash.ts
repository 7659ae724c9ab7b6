import { argon2Hash } from './argon2-hash';
import { bcryptHash } from './bcrypt-hash';
import { UnusableHashError, type PasswordHash } from './password-hash';
import { pbkdf2Hash } from './pbkdf2-hash';
import { scryptHash } from './scrypt-hash';

const MAX_LENGTH = 512;

const FORMATS: [begins: RegExp, read: (text: string) => PasswordHash][] = [
  [/^\$argon2id?\$/, argon2Hash],
  [/^\$2[aby]\$/, bcryptHash],
  [/^\$scrypt\$/, scryptHash],
  [/^\$pbkdf2-/, pbkdf2Hash],
];

/**
 * Parses a stored hash, of this or another system.
 * @throws UnusableHashError
 */
export function parseHash(text: string): PasswordHash {
  const [, read] = FORMATS.find(([begins]) => begins.test(text)) ?? [];
  if (!read || text.length > MAX_LENGTH) {
    throw new UnusableHashError('has an unknown format');
  }
  return read(text);
}

/** @throws UnusableHashError with the reason, for a hash that may not be imported. */
export function checkImportedHash(text: string): void {
  const { excess } = parseHash(text);
  if (excess !== null) {
    throw new UnusableHashError(excess);
  }
}
