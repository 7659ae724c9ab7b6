// @ts-check
import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { readIfExists, writePrivately } from './files.mjs';

const SECRET_BYTES = 48;

/**
 * A random secret that is generated once and stored in a file that only its owner can read.
 * @param {string} path
 * @returns {{ value: string, isNew: boolean }}
 */
export function keepSecret(path) {
  const kept = readIfExists(path)?.trim();
  if (kept) {
    return { value: kept, isNew: false };
  }
  const value = randomBytes(SECRET_BYTES).toString('base64url');
  mkdirSync(dirname(path), { recursive: true });
  writePrivately(path, `${value}\n`);
  return { value, isNew: true };
}
