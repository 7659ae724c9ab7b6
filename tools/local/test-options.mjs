// @ts-check
import { Failure } from './failure.mjs';
import { NODE_VERSIONS } from './node-program.mjs';

/** @typedef {keyof typeof NODE_VERSIONS} NodeLine */

const LINES = /** @type {NodeLine[]} */ (Object.keys(NODE_VERSIONS).map(Number));

/**
 * The parts of `npm test` that are to run.
 * @typedef {object} TestOptions
 * @property {boolean} onThisNode the tests on the Node that runs this
 * @property {NodeLine[]} lines release lines of Node that the smoke test runs on
 * @property {string[]} jestArgs files and options for Jest; empty: everything
 */

/**
 * @param {string[]} args `--every-node`, or `--node` and a line, come first
 * @param {string} ownVersion of the Node that runs this
 * @returns {TestOptions}
 */
export function readTestOptions([first, ...rest], ownVersion = process.versions.node) {
  if (first === '--every-node') {
    const lines = LINES.filter((line) => !ownVersion.startsWith(`${line}.`));
    return { onThisNode: true, lines, jestArgs: rest };
  }
  if (first === '--node') {
    const [wanted, ...jestArgs] = rest;
    const line = LINES.find((line) => String(line) === wanted);
    if (line === undefined) {
      throw new Failure(`--node takes one of ${LINES.join(', ')}.`);
    }
    return { onThisNode: false, lines: [line], jestArgs };
  }
  return { onThisNode: true, lines: [], jestArgs: first === undefined ? [] : [first, ...rest] };
}
