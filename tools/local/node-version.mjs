// @ts-check
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from './failure.mjs';
import { ROOT } from './paths.mjs';

/**
 * @param {string} version such as 20.19.0
 * @param {string} range alternatives of the forms ^1.2.3 and >=1.2.3, joined by ||
 */
export function satisfies(version, range) {
  const actual = numbers(version);
  return range.split('||').some((alternative) => {
    const [, operator, wanted = ''] = /^(\^|>=)(.+)$/.exec(alternative.trim()) ?? [];
    const minimum = numbers(wanted);
    const sameMajor = operator === '>=' || actual[0] === minimum[0];
    return operator !== undefined && sameMajor && compare(actual, minimum) >= 0;
  });
}

/** @throws {Failure} when package.json does not allow the Node that runs this */
export function checkNodeVersion() {
  if (process.platform === 'win32') {
    throw new Failure('Windows itself is not supported: run this inside WSL 2.');
  }
  const { engines } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  if (!satisfies(process.versions.node, engines.node)) {
    throw new Failure(`Node ${process.versions.node} is not supported: install ${engines.node}.`);
  }
}

/** @param {string} version */
function numbers(version) {
  return version.split('.').map(Number);
}

/**
 * @param {number[]} a
 * @param {number[]} b
 * @returns {number} negative, 0 or positive
 */
function compare(a, b) {
  const index = [0, 1, 2].find((i) => a[i] !== b[i]);
  return index === undefined ? 0 : (a[index] ?? 0) - (b[index] ?? 0);
}
