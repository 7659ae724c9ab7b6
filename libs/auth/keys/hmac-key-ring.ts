import type { KeyObject } from 'node:crypto';
import { KeyRing, type PublicJwks, type SigningKey } from './key-ring';

/** One shared secret, HS256. Its tokens have no `kid`. */
export class HmacKeyRing extends KeyRing {
  readonly algorithm = 'HS256';
  private readonly keys: readonly KeyObject[];

  /** @param key a KeyObject, never a string: jsonwebtoken tries to parse a string on every call. */
  constructor(private readonly key: KeyObject) {
    super();
    this.keys = [key];
  }

  signingKey(): SigningKey {
    return { key: this.key };
  }

  verificationKeys(algorithm: string, kid: string | undefined): readonly KeyObject[] {
    return algorithm === this.algorithm && kid === undefined ? this.keys : [];
  }

  publicJwks(): PublicJwks {
    return { keys: [] };
  }
}
