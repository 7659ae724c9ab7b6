import { DomainError } from '#libs/common';
import { generateEs256Key } from './es256-key';
import {
  hasActiveKey,
  hasKeyFile,
  keyStates,
  removeKey,
  replaceActive,
  writeActive,
  writeKey,
  type KeyState,
} from './key-directory';

/**
 * How long a key is published before it may sign, in milliseconds: instances check every 2 s, copies of the directory
 * take their time, and JWKS clients such as Envoy and jose cache keys for 10 minutes.
 */
export const KEY_PROPAGATION_MS = 600_000;

/**
 * Added to the lifetime of tokens, in milliseconds: an instance with a copy of the directory signs with the earlier key
 * until the copy is renewed, and clocks differ.
 */
const RETIREMENT_MARGIN_MS = KEY_PROPAGATION_MS;

/** No key in the directory has this kid. */
export class KeyNotFoundError extends DomainError {
  readonly code = 'not_found';

  constructor() {
    super('No key of JWT_KEYS_DIR has this kid: see latchkey keys list.');
  }
}

/** The change would make instances refuse valid tokens. */
export class KeyInUseError extends DomainError {
  readonly code = 'precondition_failed';
}

/** The earliest instant at which `activateKey` succeeds without `force`, Unix time in ms. */
export function activatableAtMs({ publishedAtMs }: KeyState): number {
  return publishedAtMs + KEY_PROPAGATION_MS;
}

/**
 * The earliest instant at which `retireKey` succeeds without `force`, Unix time in ms; null for the active key.
 * @param tokenTtlMs the lifetime of an access token.
 */
export function retirableAtMs({ lastSignedAtMs }: KeyState, tokenTtlMs: number): number | null {
  return lastSignedAtMs === null ? null : lastSignedAtMs + tokenTtlMs + RETIREMENT_MARGIN_MS;
}

/**
 * Creates a P-256 key and publishes it: all instances accept its tokens and the JWKS lists it, but the active key
 * continues to sign. The first key of a directory is active immediately. Safe beside running instances and concurrent
 * calls.
 * @throws SettingsError if the directory cannot be written.
 */
export async function addKey(directory: string): Promise<KeyState> {
  const { kid, pem } = generateEs256Key();
  await writeKey(directory, kid, pem);
  if (!hasActiveKey(directory)) {
    await writeActive(directory, kid);
  }
  return find(keyStates(directory), kid);
}

export interface KeyChangeOptions {
  nowMs: number;
  /** Makes the change even if instances then refuse valid tokens. */
  force?: boolean;
}

/**
 * Signs with a published key instead of the active one, which still verifies. Idempotent.
 * @throws KeyNotFoundError; KeyInUseError if it was published less than KEY_PROPAGATION_MS ago; SettingsError.
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
  const keys = keyStates(directory);
  const key = find(keys, kid);
  const fromMs = activatableAtMs(key);
  const active = keys.find(({ state }) => state === 'signing');
  if (!active || active === key) {
    return;
  }
  if (nowMs < fromMs && !force) {
    throw new KeyInUseError(
      `This key was published less than ${KEY_PROPAGATION_MS / 60_000} minutes ago, and its tokens may be ` +
        `refused by servers and caches that lack it: activate it after ${instant(fromMs)}, or use --now.`,
    );
  }
  await replaceActive(directory, active.kid, kid);
}

/**
 * Removes a key that does not sign: all its tokens are refused from then on.
 * @param tokenTtlMs the lifetime of an access token.
 * @throws KeyNotFoundError; KeyInUseError for the active key, and for a key whose tokens may still be valid;
 * SettingsError.
 */
export async function retireKey(
  directory: string,
  kid: string,
  tokenTtlMs: number,
  { nowMs, force = false }: KeyChangeOptions,
): Promise<void> {
  const validUntilMs = retirableAtMs(find(keyStates(directory), kid), tokenTtlMs);
  if (validUntilMs === null) {
    throw new KeyInUseError('This key is active: activate another one first.');
  }
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
