import type { KeyObject } from 'node:crypto';

/** RFC 7518 section 3.1. One of them at a time: a ring never accepts the other. */
export type SigningAlgorithm = 'HS256' | 'ES256';

export interface SigningKey {
  key: KeyObject;
  /** Goes into the token's header (RFC 7515 section 4.1.4); absent where there is one key only. */
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

/** The keys that sign access tokens and verify them. */
export abstract class KeyRing {
  abstract readonly algorithm: SigningAlgorithm;

  abstract signingKey(): SigningKey;

  /**
   * The key that a token with this `kid`, or with none, must have been signed with. Called for each
   * request, with whatever the token says.
   * @returns null when the ring has no such key.
   */
  abstract verificationKey(kid: string | undefined): KeyObject | null;

  /** What others need to verify tokens themselves. Empty when that cannot be given away. */
  abstract publicJwks(): PublicJwks;
}
