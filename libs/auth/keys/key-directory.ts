import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { SettingsError } from '#libs/config';
import { parseEs256Key, type Es256Key } from './es256-key';

/** Contains the `kid` of the active key. */
const ACTIVE_FILE = 'active';
const KEY_SUFFIX = '.pem';
/** Of an empty file, written when another key takes over from its key. */
const RETIRING_SUFFIX = '.retiring';
/** A SHA-256 thumbprint in base64url. No other text becomes part of a path. */
const KID = /^[\w-]{43}$/;

/** The listing of the directory, without the keys: enough to detect a change. */
export interface KeyListing {
  activeKid: string;
  /** Names of the key files, sorted. */
  keyFiles: string[];
}

/**
 * Reads the listing synchronously: a few small files, read at start and after a change, so that no request sees half of
 * a change.
 * @throws SettingsError if the directory or the name of its active key cannot be read.
 */
export function listKeys(directory: string): KeyListing {
  // In this order: a key is written before it is named active, so the key of any active kid is listed.
  const activeKid = readActiveKid(directory);
  const keyFiles = attempt('names a directory that cannot be read', () => readdirSync(directory));
  return { activeKid, keyFiles: keyFiles.filter(isKeyFile).sort() };
}

/**
 * @returns all keys, the active one first.
 * @throws SettingsError if any of them is unusable.
 */
export function readKeys(directory: string, { activeKid, keyFiles }: KeyListing): Es256Key[] {
  const keys = keyFiles.map((name) => readKeyFile(directory, name));
  const active = keys.find(({ kid }) => kid === activeKid);
  if (!active) {
    throw unusable(`holds no key file for the kid in its file "${ACTIVE_FILE}"`);
  }
  return [active, ...keys.filter((key) => key !== active)];
}

/**
 * Whether the key has a file; one system call.
 * @param kid any text.
 */
export function hasKeyFile(directory: string, kid: string): boolean {
  return KID.test(kid) && existsSync(join(directory, kid + KEY_SUFFIX));
}

/**
 * A key in the directory. Instants in milliseconds since the Unix epoch, by the modification times of the files: a copy
 * that does not preserve them has later ones.
 */
export interface KeyState {
  kid: string;
  /** `published`: verifies and has not signed. `signing`: the active key. `retiring`: has signed, verifies. */
  state: 'published' | 'signing' | 'retiring';
  /** When its file was written. */
  publishedAtMs: number;
  /** When it came into its state. */
  sinceMs: number;
  /** It has not signed later than this; null for the active key. */
  lastSignedAtMs: number | null;
}

/**
 * @returns the keys, the active one first, then the newest.
 * @throws SettingsError as `readKeys`.
 */
export function keyStates(directory: string): KeyState[] {
  const kids = readKeys(directory, listKeys(directory)).map(({ kid }) => kid);
  const activatedAtMs = modifiedAtMs(directory, ACTIVE_FILE);
  const [active, ...others] = kids.map((kid, at) =>
    stateOf(directory, kid, at === 0, activatedAtMs),
  );
  others.sort((one, other) => other.publishedAtMs - one.publishedAtMs);
  return [...(active ? [active] : []), ...others];
}

function stateOf(directory: string, kid: string, active: boolean, activatedAtMs: number): KeyState {
  const publishedAtMs = modifiedAtMs(directory, kid + KEY_SUFFIX);
  if (active) {
    return { kid, state: 'signing', publishedAtMs, sinceMs: activatedAtMs, lastSignedAtMs: null };
  }
  const mark = kid + RETIRING_SUFFIX;
  if (!existsSync(join(directory, mark))) {
    // A key that was activated without `replaceActive` has no mark, but has not signed since the last activation.
    const lastSignedAtMs = activatedAtMs;
    return { kid, state: 'published', publishedAtMs, sinceMs: publishedAtMs, lastSignedAtMs };
  }
  const sinceMs = modifiedAtMs(directory, mark);
  return { kid, state: 'retiring', publishedAtMs, sinceMs, lastSignedAtMs: sinceMs };
}

/** Whether the directory names an active key, usable or not. */
export function hasActiveKey(directory: string): boolean {
  return existsSync(join(directory, ACTIVE_FILE));
}

/**
 * Publishes a key atomically. Creates the directory if it is missing.
 * @throws SettingsError
 */
export async function writeKey(directory: string, kid: string, pem: string): Promise<void> {
  await write(async () => {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await writeWhole(directory, kid + KEY_SUFFIX, pem);
  });
}

/**
 * Makes a published key the active one.
 * @throws SettingsError
 */
export async function writeActive(directory: string, kid: string): Promise<void> {
  await write(() => writeWhole(directory, ACTIVE_FILE, `${kid}\n`));
}

/**
 * Makes a published key the active one instead of another, whose state is `retiring` from now on.
 * @throws SettingsError
 */
export async function replaceActive(directory: string, from: string, to: string): Promise<void> {
  // In this order: an active key with a mark is active, a key that has signed without one would not be retiring.
  await write(() => writeWhole(directory, from + RETIRING_SUFFIX, ''));
  await writeActive(directory, to);
  await write(() => rm(join(directory, to + RETIRING_SUFFIX), { force: true }));
}

/**
 * Removes a key: its tokens are refused from now on.
 * @throws SettingsError
 */
export async function removeKey(directory: string, kid: string): Promise<void> {
  await write(async () => {
    await rm(join(directory, kid + KEY_SUFFIX));
    await rm(join(directory, kid + RETIRING_SUFFIX), { force: true });
    await syncDirectory(directory);
  });
}

const UNWRITABLE = 'names a directory that cannot be written';

async function write(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    throw unusable(UNWRITABLE, error);
  }
}

function modifiedAtMs(directory: string, name: string): number {
  const problem = `holds a file that cannot be read, ${name}`;
  return attempt(problem, () => statSync(join(directory, name)).mtimeMs);
}

/** Replaces a file atomically, also across a power failure. */
async function writeWhole(directory: string, name: string, text: string): Promise<void> {
  const temporary = join(directory, `.${randomUUID()}.tmp`);
  try {
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, join(directory, name));
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncDirectory(directory);
}

/** Syncs the directory, so that two renames reach the disk in order. */
async function syncDirectory(directory: string): Promise<void> {
  // Windows cannot open directories.
  if (process.platform !== 'win32') {
    const handle = await open(directory, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  }
}

function readActiveKid(directory: string): string {
  const problem = `must be a directory with a file "${ACTIVE_FILE}": create the first key with "latchkey keys add"`;
  const activeKid = attempt(problem, () =>
    readFileSync(join(directory, ACTIVE_FILE), 'utf8').trim(),
  );
  if (!KID.test(activeKid)) {
    throw unusable(`has a file "${ACTIVE_FILE}" that holds no kid`);
  }
  return activeKid;
}

/**
 * One key, whether or not the rest of the directory is usable.
 * @param kid of a key that has a file.
 * @throws SettingsError
 */
export function readKey(directory: string, kid: string): Es256Key {
  return readKeyFile(directory, kid + KEY_SUFFIX);
}

function readKeyFile(directory: string, name: string): Es256Key {
  const pem = attempt(`holds a key file that cannot be read, ${name}`, () =>
    readFileSync(join(directory, name), 'utf8'),
  );
  const key = parseEs256Key(pem);
  if (!key) {
    throw unusable(`holds a file that is no P-256 private key in PKCS#8 PEM, ${name}`);
  }
  if (name !== key.kid + KEY_SUFFIX) {
    throw unusable(`holds a key file whose name is not the RFC 7638 thumbprint, ${name}`);
  }
  return key;
}

function isKeyFile(name: string): boolean {
  return name.endsWith(KEY_SUFFIX) && !name.startsWith('.');
}

function attempt<Result>(problem: string, read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    throw unusable(problem, error);
  }
}

function unusable(problem: string, cause?: unknown): SettingsError {
  const code = (cause as NodeJS.ErrnoException | undefined)?.code;
  return new SettingsError('JWT_KEYS_DIR', code ? `${problem} (${code})` : problem);
}
