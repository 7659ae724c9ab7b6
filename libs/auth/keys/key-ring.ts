import type { KeyObject } from 'node:crypto';

/** RFC 7518 section 3.1. A key ring accepts only one algorithm. */
export type SigningAlgorithm = 'HS256' | 'ES256';

export interface SigningKey {
  key: KeyObject;
  /** The `kid` of the token's header (RFC 7515 section 4.1.4); absent if there is only one key. */
  kid?: string;
}

/** The public half of a P-256 key (RFC 7518 section 6.2.1). */
export interface PublicJwk {
  kty: 'EC';
  crv: 'P-256';
  x: string;
  y: string;
  kid: string;
  alg: 'ES256';
  use: 'sig';
}

/** A JWK Set (RFC 7517 section 5). */
export interface PublicJwks {
  keys: PublicJwk[];
}

/** The keys that sign and verify access tokens. */
export abstract class KeyRing {
  abstract readonly algorithm: SigningAlgorithm;

  abstract signingKey(): SigningKey;

  /**
   * The key that must have signed a token with this `kid`, or without one. Called for each request, with any text.
   * @returns null for an unknown `kid`.
   */
  abstract verificationKey(kid: string | undefined): KeyObject | null;

  /** The public keys for other verifiers. Empty for a symmetric key. */
  abstract publicJwks(): PublicJwks;
}
