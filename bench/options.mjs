// @ts-check
import { parseArgs } from 'node:util';
import { Failure } from '../tools/local/failure.mjs';
import { ROWS } from './rows.mjs';

export const PARTS = /** @type {const} */ (['requests', 'logins', 'start', 'memory']);

const FULL = { rounds: 5, seconds: 5 };
const QUICK = { rounds: 2, seconds: 2 };

export const USAGE = `npm run bench -- [options]
  --quick          ${QUICK.rounds} rounds of ${QUICK.seconds} s instead of ${FULL.rounds} of ${FULL.seconds}; writes no document
  --rounds N       rounds that count; one more warms up
  --seconds N      of a round, for each row
  --connections N  at once (64)
  --rows A,B       only these: ${ROWS.map(({ id }) => id).join(', ')}
  --parts A,B      only these: ${PARTS.join(', ')}
  --json FILE      writes all figures of all rounds
  --write          writes docs/performance.md and .svg also after a run that is not whole`;

/** @typedef {(typeof PARTS)[number]} Part */

/**
 * @typedef {object} Options
 * @property {boolean} help
 * @property {number} rounds
 * @property {number} seconds
 * @property {number} connections
 * @property {readonly import('./rows.mjs').Row[]} rows
 * @property {readonly Part[]} parts
 * @property {string | undefined} json
 * @property {boolean} writesDocument
 */

/**
 * @param {string[]} args
 * @returns {Options}
 * @throws {Failure} for what is no option of the bench
 */
export function readOptions(args) {
  const values = parse(args);
  const length = values.quick ? QUICK : FULL;
  const isWhole = !values.quick && values.rows === undefined && values.parts === undefined;
  return {
    help: values.help ?? false,
    rounds: readNumber('rounds', values.rounds) ?? length.rounds,
    seconds: readNumber('seconds', values.seconds) ?? length.seconds,
    connections: readNumber('connections', values.connections) ?? 64,
    rows: choose('rows', ROWS, ({ id }) => id, values.rows),
    parts: choose('parts', PARTS, (part) => part, values.parts),
    json: values.json,
    writesDocument: values.write ?? isWhole,
  };
}

/** @param {string[]} args */
function parse(args) {
  const text = /** @type {const} */ ({ type: 'string' });
  const flag = /** @type {const} */ ({ type: 'boolean' });
  const lengths = { rounds: text, seconds: text, connections: text };
  const options = { quick: flag, write: flag, help: flag, rows: text, parts: text, json: text };
  try {
    return parseArgs({ args, options: { ...options, ...lengths } }).values;
  } catch (error) {
    throw new Failure(error instanceof Error ? error.message : String(error), USAGE);
  }
}

/**
 * @param {string} name
 * @param {string | undefined} text
 */
function readNumber(name, text) {
  if (text !== undefined && !/^[1-9]\d*$/.test(text)) {
    throw new Failure(`--${name} must be a whole number from 1.`, USAGE);
  }
  return text === undefined ? undefined : Number(text);
}

/**
 * @template T
 * @param {string} name
 * @param {readonly T[]} all
 * @param {(one: T) => string} idOf
 * @param {string | undefined} text ids separated by commas; all, unless told
 * @returns {readonly T[]} in their own order
 */
function choose(name, all, idOf, text) {
  const wanted = text?.split(',');
  const unknown = wanted?.find((id) => !all.some((one) => idOf(one) === id));
  if (unknown !== undefined) {
    throw new Failure(`--${name} knows no ${unknown}.`, USAGE);
  }
  return wanted === undefined ? all : all.filter((one) => wanted.includes(idOf(one)));
}
