import type { KeyObject } from 'node:crypto';

/** How tokens are signed and passwords hashed. Durations in seconds. */
export class AuthOptions {
  /** HMAC key. A KeyObject, never a string: jsonwebtoken tries to parse a string on every call. */
  signingKey!: KeyObject;
  issuer!: string;
  audience!: string;
  /** An access token's life; never longer than its session's. */
  accessTokenTtlSeconds!: number;
  /** OWASP's recommendation where absent. */
  argon2?: { memoryKib: number; passes: number; parallelism: number };
}
