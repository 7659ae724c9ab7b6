import { createSecretKey } from 'node:crypto';
import { ChangingKeyRing, HmacKeyRing, PemKeyRing, type KeyRing } from '#libs/auth';
import type { JwtKeys, JwtKeySource } from '#libs/config';

/** @throws SettingsError when JWT_KEYS_DIR or JWT_ACCEPTED_KEYS_DIR is unusable */
export function keyRingOf({ accepted, ...signing }: JwtKeys): KeyRing {
  const ring = ringOf(signing, 'JWT_KEYS_DIR');
  const others = accepted.map((source) => ringOf(source, 'JWT_ACCEPTED_KEYS_DIR'));
  return others.length === 0 ? ring : new ChangingKeyRing(ring, ...others);
}

function ringOf(source: JwtKeySource, setting: string): KeyRing {
  return 'directory' in source
    ? new PemKeyRing(source.directory, setting)
    : new HmacKeyRing(createSecretKey(source.secret, 'utf8'));
}
