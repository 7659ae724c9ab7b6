import type { KeyRing } from './keys/key-ring';
import type { PasswordOptions } from './passwords/password-options';

/** Who may create an account: any client, one with an invitation, or none. */
export type RegistrationMode = 'open' | 'invite' | 'closed';

/** Signing of tokens and hashing of passwords. Durations in seconds. */
export class AuthOptions {
  /** `new HmacKeyRing(key)`, `new PemKeyRing(directory)`, or a key ring of the application. */
  keyRing!: KeyRing;
  issuer!: string;
  /** Issuers of tokens that stay valid: those from before a change of the issuer. */
  olderIssuers?: string[];
  audience!: string;
  /** Lifetime of an access token; it never outlives its session. */
  accessTokenTtlSeconds!: number;
  /** How long a proof of identity counts as recent. Absent: 10 minutes. */
  recentAuthTtlSeconds?: number;
  /** Absent: `open`. */
  registration?: RegistrationMode;
  /** Absent: OWASP's recommendation. */
  argon2?: { memoryKib: number; passes: number; parallelism: number };
  /** Absent: the defaults. */
  passwords?: PasswordOptions;
}
