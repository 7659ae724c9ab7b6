import type { KeyObject } from 'node:crypto';
import type { OnModuleDestroy, OnModuleInit } from '@nestjs/common';
import { KeyRing, type PublicJwks, type SigningAlgorithm, type SigningKey } from './key-ring';

/**
 * While keys are changed: signs with one key ring and also accepts the tokens of others, which never sign. Each key
 * verifies its own algorithm only.
 */
export class ChangingKeyRing extends KeyRing implements OnModuleInit, OnModuleDestroy {
  private readonly rings: readonly (KeyRing & Partial<OnModuleInit & OnModuleDestroy>)[];

  constructor(
    private readonly signing: KeyRing,
    ...accepted: KeyRing[]
  ) {
    super();
    this.rings = [signing, ...accepted];
  }

  get algorithm(): SigningAlgorithm {
    return this.signing.algorithm;
  }

  override get algorithms(): readonly SigningAlgorithm[] {
    return [...new Set(this.rings.map(({ algorithm }) => algorithm))];
  }

  onModuleInit(): void {
    for (const ring of this.rings) {
      ring.onModuleInit?.();
    }
  }

  onModuleDestroy(): void {
    for (const ring of this.rings) {
      ring.onModuleDestroy?.();
    }
  }

  signingKey(): SigningKey {
    return this.signing.signingKey();
  }

  verificationKeys(algorithm: string, kid: string | undefined): readonly KeyObject[] {
    return this.rings.flatMap((ring) => ring.verificationKeys(algorithm, kid));
  }

  /** Also those of rings that do not sign yet: other verifiers know them before they meet a token of them. */
  publicJwks(): PublicJwks {
    const keys = this.rings.flatMap((ring) => ring.publicJwks().keys);
    const others = this.algorithms.filter((algorithm) => algorithm !== 'ES256');
    return keys.length > 0 && others.length > 0 ? { keys, other_algorithms: others } : { keys };
  }
}
