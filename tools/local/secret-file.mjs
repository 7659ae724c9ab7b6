// @ts-check
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { hasCode } from './failure.mjs';

const SECRET_BYTES = 48;

/**
 * A random secret that is made once and kept in a file that only its owner can read.
 * @param {string} path
 * @returns {{ value: string, isNew: boolean }}
 */
export function keepSecret(path) {
  const kept = readSecret(path);
  if (kept !== '') {
    return { value: kept, isNew: false };
  }
  const value = randomBytes(SECRET_BYTES).toString('base64url');
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.tmp`, `${value}\n`, { mode: 0o600 });
  renameSync(`${path}.tmp`, path);
  return { value, isNew: true };
}

/** @param {string} path */
function readSecret(path) {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    if (hasCode(error, 'ENOENT')) {
      return '';
    }
    throw error;
  }
}
