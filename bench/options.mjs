// @ts-check
import { parseArgs } from 'node:util';
import { Failure } from '../tools/local/failure.mjs';
import { ROWS } from './rows.mjs';

export const PARTS = /** @type {const} */ (['requests', 'logins', 'start', 'memory']);

const FULL = { rounds: 5, seconds: 5, processes: 5 };
const QUICK = { rounds: 3, seconds: 1, processes: 1 };

export const USAGE = `npm run bench -- [options]
  --quick          fewer rounds, seconds and processes; writes no document
  --rounds N       rounds that count, after one to warm up (${FULL.rounds}; quick ${QUICK.rounds})
  --seconds N      seconds of a round, for each row (${FULL.seconds}; quick ${QUICK.seconds})
  --processes N    processes whose start and memory are measured (${FULL.processes}; quick ${QUICK.processes})
  --connections N  concurrent connections (64)
  --rows A,B       only the requests of these rows: ${ROWS.map(({ id }) => id).join(', ')}
  --parts A,B      only these parts: ${PARTS.join(', ')}
  --json FILE      writes all figures of all rounds
  --write          writes docs/performance.md and .svg also after a partial run`;

/** @typedef {(typeof PARTS)[number]} Part */

/**
 * @typedef {object} Options
 * @property {boolean} help
 * @property {number} rounds
 * @property {number} seconds of a round
 * @property {number} processes whose start and memory are measured
 * @property {number} connections at once
 * @property {readonly import('./rows.mjs').Row[]} rows
 * @property {readonly Part[]} parts
 * @property {string | undefined} json
 * @property {boolean} writesDocument
 */

/**
 * @param {string[]} args
 * @returns {Options}
 * @throws {Failure} for an unknown option
 */
export function readOptions(args) {
  const values = parse(args);
  const length = values.quick ? QUICK : FULL;
  const isWhole = !values.quick && values.rows === undefined && values.parts === undefined;
  return {
    help: values.help ?? false,
    rounds: readNumber('rounds', values.rounds) ?? length.rounds,
    seconds: readNumber('seconds', values.seconds) ?? length.seconds,
    processes: readNumber('processes', values.processes) ?? length.processes,
    connections: readNumber('connections', values.connections) ?? 64,
    rows: choose('rows', ROWS, ({ id }) => id, values.rows),
    parts: choose('parts', PARTS, (part) => part, values.parts ?? partsOf(values.rows)),
    json: values.json,
    writesDocument: values.write ?? isWhole,
  };
}

/** Naming rows selects the part of requests alone. @param {string | undefined} rows */
const partsOf = (rows) => (rows === undefined ? undefined : 'requests');

/** @param {string[]} args */
function parse(args) {
  const text = /** @type {const} */ ({ type: 'string' });
  const flag = /** @type {const} */ ({ type: 'boolean' });
  const lengths = { rounds: text, seconds: text, processes: text, connections: text };
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
    throw new Failure(`--${name} must be an integer of at least 1.`, USAGE);
  }
  return text === undefined ? undefined : Number(text);
}

/**
 * @template T
 * @param {string} name
 * @param {readonly T[]} all
 * @param {(one: T) => string} idOf
 * @param {string | undefined} text ids separated by commas; all by default
 * @returns {readonly T[]} in their own order
 */
function choose(name, all, idOf, text) {
  const wanted = text?.split(',');
  const unknown = wanted?.find((id) => !all.some((one) => idOf(one) === id));
  if (unknown !== undefined) {
    throw new Failure(`--${name}: unknown value ${unknown}.`, USAGE);
  }
  return wanted === undefined ? all : all.filter((one) => wanted.includes(idOf(one)));
}
