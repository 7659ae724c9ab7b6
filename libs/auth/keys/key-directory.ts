import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { SettingsError } from '#libs/config';
import { generateEs256Key, parseEs256Key, type Es256Key } from './es256-key';

/** Holds the `kid` of the key that signs. */
const ACTIVE_FILE = 'active';
const KEY_SUFFIX = '.pem';
/** A SHA-256 thumbprint in base64url. Nothing else becomes part of a path. */
const KID = /^[\w-]{43}$/;

/** What the directory says, before any key is read: enough to notice a change. */
export interface KeyListing {
  activeKid: string;
  /** Names of the key files, sorted. */
  keyFiles: string[];
}

/**
 * Reading is synchronous: a handful of small files, read at start and after a rotation, and never
 * does a request see half of a change.
 * @throws SettingsError when the directory or the name of its active key cannot be read.
 */
export function listKeys(directory: string): KeyListing {
  // In this order: a rotation writes the key first, so the key of any active kid is listed.
  const activeKid = readActiveKid(directory);
  const keyFiles = attempt('names a directory that cannot be read', () => readdirSync(directory));
  return { activeKid, keyFiles: keyFiles.filter(isKeyFile).sort() };
}

/** @returns every key, the active one first. @throws SettingsError when any of them is unusable. */
export function readKeys(directory: string, { activeKid, keyFiles }: KeyListing): Es256Key[] {
  const keys = keyFiles.map((name) => readKey(directory, name));
  const active = keys.find(({ kid }) => kid === activeKid);
  if (!active) {
    throw unusable(`holds no key file for the kid in its file "${ACTIVE_FILE}"`);
  }
  return [active, ...keys.filter((key) => key !== active)];
}

/** Whether a key of this name has come; one system call. @param kid may be anything. */
export function hasKeyFile(directory: string, kid: string): boolean {
  return KID.test(kid) && existsSync(join(directory, kid + KEY_SUFFIX));
}

/** What a rotation did. */
export interface KeyRotation {
  /** The key that signs from now on. */
  kid: string;
  /** Keys that still verify, but sign no more. */
  retired: number;
}

/**
 * Makes a new ES256 key and lets it sign; every earlier key goes on verifying until its file is
 * removed. Creates the directory where it is missing. Safe beside running servers, which follow
 * within seconds, and beside another rotation: each file appears whole, the key before its name
 * becomes the active one.
 * @throws SettingsError when the directory cannot be written.
 */
export async function rotateKeys(directory: string): Promise<KeyRotation> {
  const { kid, pem } = generateEs256Key();
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await writeWhole(directory, kid + KEY_SUFFIX, pem);
    await writeWhole(directory, ACTIVE_FILE, `${kid}\n`);
    const retired = (await readdir(directory)).filter(isKeyFile).length - 1;
    return { kid, retired };
  } catch (error) {
    throw unusable('names a directory that cannot be written', error);
  }
}

/** Nobody ever sees a part of the file, not even after a power failure. */
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

/** So that two renames reach the disk in their order. */
async function syncDirectory(directory: string): Promise<void> {
  // Windows opens no directories.
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
  const problem = `must be a directory with a file "${ACTIVE_FILE}": make a first key with "latchkey keys rotate"`;
  const activeKid = attempt(problem, () =>
    readFileSync(join(directory, ACTIVE_FILE), 'utf8').trim(),
  );
  if (!KID.test(activeKid)) {
    throw unusable(`has a file "${ACTIVE_FILE}" that holds no kid`);
  }
  return activeKid;
}

function readKey(directory: string, name: string): Es256Key {
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
