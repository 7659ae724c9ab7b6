import { createSecretKey } from 'node:crypto';
import { HmacKeyRing, PemKeyRing, type KeyRing } from '#libs/auth';
import type { JwtKeys } from '#libs/config';

/** @throws SettingsError when JWT_KEYS_DIR is unusable */
export function keyRingOf(keys: JwtKeys): KeyRing {
  return 'directory' in keys
    ? new PemKeyRing(keys.directory)
    : new HmacKeyRing(createSecretKey(keys.secret, 'utf8'));
}
