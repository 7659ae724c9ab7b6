import type { KeyObject } from 'node:crypto';
import { KeyRing, type PublicJwks, type SigningKey } from './key-ring';

/** One shared secret, HS256. Its tokens have no `kid`. */
export class HmacKeyRing extends KeyRing {
  readonly algorithm = 'HS256';

  /** @param key a KeyObject, never a string: jsonwebtoken tries to parse a string on every call. */
  constructor(private readonly key: KeyObject) {
    super();
  }

  signingKey(): SigningKey {
    return { key: this.key };
  }

  verificationKey(kid: string | undefined): KeyObject | null {
    return kid === undefined ? this.key : null;
  }

  publicJwks(): PublicJwks {
    return { keys: [] };
  }
}
