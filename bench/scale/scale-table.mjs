// @ts-check
import { number, table } from '../report/format.mjs';

const MIB = 1024 * 1024;

/** @typedef {import('./operations.mjs').Row} Row */
/** @typedef {import('./clean-up.mjs').CleanUpResult} CleanUpResult */

/**
 * What one idle instance costs Redis per second.
 * @typedef {import('./usage.mjs').Usage & { kind: 'single' | 'cluster', size: number }} Background
 */

/**
 * @typedef {object} ScaleResult
 * @property {Row[]} rows
 * @property {CleanUpResult[]} cleanUps
 * @property {{ size: number, bytes: number }[]} memory what Redis uses for so many sessions
 * @property {Background[]} backgrounds of an idle instance
 */

/**
 * @param {ScaleResult} result
 * @param {number[]} sizes
 * @returns {string} Markdown: a line for each operation, a column for each size
 */
export function scaleTable({ rows, cleanUps, memory }, sizes) {
  const all = [...rows, ...cleanUps.map(({ beside }) => beside)];
  const operations = [...new Set(all.map(({ operation }) => operation))];
  const lines = operations.map((operation) => {
    const own = all.filter((row) => row.operation === operation);
    return [
      operation,
      ...perSize(own, sizes, ({ p50Ms, p99Ms }) => `${number(p50Ms, 2)} / ${number(p99Ms, 2)}`),
      commandsOf(own),
    ];
  });
  const seconds = perSize(cleanUps, sizes, ({ seconds: took }) => `${number(took, 1)} s`);
  const commands = cleanUps.map(({ commands: sent }) => number(sent, 0)).join(', ');
  const bytes = perSize(memory, sizes, ({ size, bytes: used }) => {
    return `${number(used / MIB, 1)} MiB; ${number(used / size, 0)} B each`;
  });
  return table(
    ['p50 / p99 ms', ...sizes.map((size) => `${number(size, 0)} sessions`), 'Redis commands'],
    [...lines, ['clean-up', ...seconds, commands], ['memory of Redis', ...bytes, '']],
  );
}

/**
 * @template {{ size: number }} T
 * @param {T[]} results
 * @param {number[]} sizes
 * @param {(result: T) => string} describe
 */
function perSize(results, sizes, describe) {
  return sizes.map((wanted) => {
    const found = results.find(({ size }) => size === wanted);
    return found ? describe(found) : '–';
  });
}

/** @param {Row[]} rows of one operation @returns {string} sent by a client, and run by scripts */
function commandsOf(rows) {
  const texts = rows.map(({ sent, steps }) =>
    sent === 0 ? '–' : `${number(sent, 1)} (${number(steps, 1)})`.replaceAll('.0', ''),
  );
  return [...new Set(texts)].join(', ');
}
