import { InternalError } from '#libs/common';
/** A stored password hash of any kind. */
export interface PasswordHash {
  /**
   * Verifies on the thread pool, in constant time. Rejects only for a technical reason, such as insufficient memory:
   * invalid parameters are refused when the hash is parsed.
   */
  verify(password: string): Promise<boolean>;

  /** Null if a check costs no more than MAX_COST; otherwise the excess, for people. */
  readonly excess: string | null;
}

/**
 * Maximum cost of an imported hash at each sign-in until it is replaced: about one second of a core, and 128 MiB per
 * thread. One line of an import must not make sign-ins take minutes.
 */
export const MAX_COST = {
  memoryBytes: 128 * 1024 * 1024,
  bcryptCost: 14,
  /** Of scrypt: N × r × p. */
  scryptBlocks: 2 ** 21,
  pbkdf2Iterations: 2_000_000,
  /** Of Argon2: memory × passes. */
  argon2Bytes: 512 * 1024 * 1024,
  argon2Parallelism: 16,
};

/** The text is no valid hash, or one that costs too much. The message says why and never quotes the hash. */
export class UnusableHashError extends InternalError {}
