// @ts-check
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { hasCode } from './failure.mjs';

/**
 * @param {string} path
 * @returns {string | undefined} undefined when there is no file
 */
export function readIfExists(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) {
      return undefined;
    }
    throw error;
  }
}

/**
 * Writes a file that only its owner can read, atomically.
 * @param {string} path
 * @param {string} text
 */
export function writePrivately(path, text) {
  const unfinished = `${path}.${process.pid}.tmp`;
  writeFileSync(unfinished, text, { mode: 0o600 });
  renameSync(unfinished, path);
}
