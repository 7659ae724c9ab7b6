import type { KeyObject } from 'node:crypto';

/** RFC 7518 section 3.1. Each key is for one of them. */
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
  /**
   * Algorithms of valid tokens whose keys are not published. Absent unless `keys` has some too. The RFC allows further
   * members, and verifiers ignore those that they do not know.
   */
  other_algorithms?: SigningAlgorithm[];
}

/** The keys that sign and verify access tokens. */
export abstract class KeyRing {
  /** Of the signing key. */
  abstract readonly algorithm: SigningAlgorithm;

  /** Of all tokens that are accepted; that of the signing key comes first. */
  get algorithms(): readonly SigningAlgorithm[] {
    return [this.algorithm];
  }

  abstract signingKey(): SigningKey;

  /**
   * The keys one of which must have signed a token with this header. Called for each request, with any text; returns
   * the same objects until a key changes.
   * @param algorithm the `alg` of the header; a key is returned for its own algorithm only (RFC 8725 section 3.1).
   * @param kid undefined for a token without one.
   */
  abstract verificationKeys(algorithm: string, kid: string | undefined): readonly KeyObject[];

  /** The public keys for other verifiers. Empty for a symmetric key. */
  abstract publicJwks(): PublicJwks;
}
