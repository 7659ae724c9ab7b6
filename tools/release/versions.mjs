// @ts-check
import { Failure } from '../local/failure.mjs';

/** Folders and files in which each mention of the product's version is the current one. */
const MENTIONS = [
  'Dockerfile',
  'apps/version.ts',
  'deploy/kubernetes/',
  'docs/kubernetes.md',
  'docs/supply-chain.md',
  'examples/embed/package.json',
  'examples/services/package.json',
];
const MANIFEST = /^(?:packages\/[^/]+\/)?package\.json$/;
const LOCK = 'package-lock.json';

/**
 * The files of a checkout that name its version, with another one in its place.
 * @param {readonly string[]} paths of all files
 * @param {(path: string) => string} read
 * @param {string} from the current version
 * @param {string} to
 * @returns {Map<string, string>} the new text of each file, by path
 * @throws {Failure} for a file that has another version: nothing was changed yet
 */
export function withVersion(paths, read, from, to) {
  /** @type {Map<string, string>} */
  const changed = new Map();
  for (const path of paths) {
    if (MANIFEST.test(path)) {
      changed.set(path, manifestWith(path, read(path), from, to));
    } else if (path === LOCK) {
      changed.set(path, lockWith(read(path), to));
    } else if (isMentioned(path)) {
      const text = read(path);
      const renewed = text.replaceAll(mentionOf(from), to);
      if (renewed !== text) {
        changed.set(path, renewed);
      }
    }
  }
  return changed;
}

/**
 * @param {string} version
 * @returns {RegExp} the version where it is not a part of another one
 */
export function mentionOf(version) {
  return new RegExp(`(?<![\\d.])${version.replaceAll('.', '\\.')}(?![\\w.-]*\\w)`, 'g');
}

/** @param {string} path */
export function isMentioned(path) {
  return MENTIONS.some((one) => (one.endsWith('/') ? path.startsWith(one) : path === one));
}

/**
 * @param {string} path
 * @param {string} text
 * @param {string} from
 * @param {string} to
 */
function manifestWith(path, text, from, to) {
  const line = `"version": "${from}"`;
  if (!text.includes(line)) {
    throw new Failure(`${path} does not have the version ${from}.`);
  }
  return text.replace(line, `"version": "${to}"`);
}

/**
 * @param {string} text
 * @param {string} to
 */
function lockWith(text, to) {
  const lock = JSON.parse(text);
  lock.version = to;
  for (const [place, one] of Object.entries(lock.packages)) {
    if (place === '' || place.startsWith('packages/')) {
      one.version = to;
    }
  }
  return `${JSON.stringify(lock, null, 2)}\n`;
}
