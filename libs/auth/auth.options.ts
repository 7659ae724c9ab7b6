import type { KeyRing } from './keys/key-ring';
import type { PasswordOptions } from './passwords/password-options';

/** How tokens are signed and passwords hashed. Durations in seconds. */
export class AuthOptions {
  /** `new HmacKeyRing(key)`, `new PemKeyRing(directory)`, or a ring of the application's own. */
  keyRing!: KeyRing;
  issuer!: string;
  audience!: string;
  /** An access token's life; never longer than its session's. */
  accessTokenTtlSeconds!: number;
  /** OWASP's recommendation where absent. */
  argon2?: { memoryKib: number; passes: number; parallelism: number };
  /** Defaults where absent. */
  passwords?: PasswordOptions;
}
