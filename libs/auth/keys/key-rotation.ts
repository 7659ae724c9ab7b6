import { DomainError } from '#libs/common';
import { generateEs256Key } from './es256-key';
import {
  activatedAtMs,
  hasActiveKey,
  hasKeyFile,
  keyStates,
  removeKey,
  writeActive,
  writeKey,
  type KeyState,
} from './key-directory';

/**
 * How long a key is published before it should sign, in milliseconds: instances look every 2 s, copies of the directory
 * take their time, and JWKS clients such as Envoy and jose keep what they have for 10 minutes.
 */
export const KEY_PROPAGATION_MS = 600_000;

/** Beyond a token's life, in milliseconds: instances follow within 2 s, and their clocks differ. */
const RETIREMENT_MARGIN_MS = 60_000;

/** No key of the directory has this kid. */
export class KeyNotFoundError extends DomainError {
  readonly code = 'not_found';

  constructor() {
    super('No key of JWT_KEYS_DIR has this kid: see latchkey keys list.');
  }
}

/** The change would refuse tokens that are good. */
export class KeyInUseError extends DomainError {
  readonly code = 'precondition_failed';
}

export interface AddedKey extends KeyState {
  /** Instant from which `activateKey` takes it, Unix time in ms. */
  activatableAtMs: number;
}

/**
 * Makes a P-256 key and publishes it: every instance accepts its tokens and the JWKS lists it, but the active key goes on
 * signing. The first key of a directory is active at once. Safe beside running instances and beside itself.
 * @throws SettingsError when the directory cannot be written.
 */
export async function addKey(directory: string): Promise<AddedKey> {
  const { kid, pem } = generateEs256Key();
  await writeKey(directory, kid, pem);
  if (!hasActiveKey(directory)) {
    await writeActive(directory, kid);
  }
  const key = find(keyStates(directory), kid);
  return { ...key, activatableAtMs: key.publishedAtMs + KEY_PROPAGATION_MS };
}

export interface KeyChangeOptions {
  nowMs: number;
  /** Does it in spite of the tokens that are refused for it. */
  force?: boolean;
}

/**
 * Lets a published key sign in place of the active one, which goes on verifying. Idempotent.
 * @throws KeyNotFoundError; KeyInUseError where it was published less than KEY_PROPAGATION_MS ago; SettingsError.
 */
export async function activateKey(
  directory: string,
  kid: string,
  { nowMs, force = false }: KeyChangeOptions,
): Promise<void> {
  if (!hasActiveKey(directory)) {
    if (!hasKeyFile(directory, kid)) {
      throw new KeyNotFoundError();
    }
    await writeActive(directory, kid);
  }
  const key = find(keyStates(directory), kid);
  const fromMs = key.publishedAtMs + KEY_PROPAGATION_MS;
  if (key.active) {
    return;
  }
  if (nowMs < fromMs && !force) {
    throw new KeyInUseError(
      `This key was published less than ${KEY_PROPAGATION_MS / 60_000} minutes ago, and tokens that it signs may be ` +
        `refused by what does not know it yet: activate it after ${instant(fromMs)}, or use --now.`,
    );
  }
  await writeActive(directory, kid);
}

/**
 * Removes a key that does not sign: every token that it signed is refused from then on.
 * @param tokenTtlMs the longest life of an access token.
 * @throws KeyNotFoundError; KeyInUseError for the active key, and for one whose tokens may still be valid; SettingsError.
 */
export async function retireKey(
  directory: string,
  kid: string,
  tokenTtlMs: number,
  { nowMs, force = false }: KeyChangeOptions,
): Promise<void> {
  const { active } = find(keyStates(directory), kid);
  if (active) {
    throw new KeyInUseError('This key signs: activate another one first.');
  }
  // A copied directory does not show whether a key has ever signed.
  const validUntilMs = activatedAtMs(directory) + tokenTtlMs + RETIREMENT_MARGIN_MS;
  if (nowMs < validUntilMs && !force) {
    throw new KeyInUseError(
      `Tokens that this key signed may be valid: retire it after ${instant(validUntilMs)}, or use --now, and they are ` +
        'refused.',
    );
  }
  await removeKey(directory, kid);
}

function find(keys: readonly KeyState[], kid: string): KeyState {
  const key = keys.find((one) => one.kid === kid);
  if (!key) {
    throw new KeyNotFoundError();
  }
  return key;
}

function instant(ms: number): string {
  return new Date(Math.ceil(ms / 1000) * 1000).toISOString().replace('.000', '');
}
