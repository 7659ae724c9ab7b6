import { InternalError } from '#libs/common';
/** A password hash as it is kept, of whatever kind. */
export interface PasswordHash {
  /**
   * Runs on the thread pool; compares in constant time. Rejects only for a technical reason, such as memory that
   * the system does not give: what the function cannot compute is refused when the hash is read.
   */
  verify(password: string): Promise<boolean>;

  /** Null where a check costs no more than MAX_COST allows; else what is too much, for a person. */
  readonly excess: string | null;
}

/**
 * The most that a hash of another system may cost at each sign-in until it is replaced: about a second of a
 * core, and 128 MiB a thread. One line of an import must not make sign-ins take minutes.
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

/** The text is no hash that can be checked, or one that costs too much. Says why and never repeats it. */
export class UnusableHashError extends InternalError {}
