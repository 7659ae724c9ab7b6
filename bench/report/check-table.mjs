// @ts-check
import { median } from '../harness/numbers.mjs';
import { number, range, table } from './format.mjs';
import { ratiosOf } from './ratios.mjs';

/**
 * A checked route; `reference` is the id of the bare route of the same framework.
 * @typedef {{ id: string, title: string, path: string, reference: string }} CheckRow
 */

/**
 * The figures of one row in one round; CPU in seconds.
 * @typedef {import('../harness/load.mjs').LoadFigures & { cpuPer1000: number, issuerCpuPer1000: number }} CheckFigures
 */

/**
 * @param {readonly { row: CheckRow, rounds: CheckFigures[] }[]} results
 * @returns {string} a table in Markdown; every ratio is to the row's own reference, of each round
 */
export function checkTable(results) {
  const lines = results.map(({ row: { id, title, reference }, rounds }) => {
    const micros = (/** @type {'cpuPer1000' | 'issuerCpuPer1000'} */ key) =>
      rounds.map((figures) => figures[key] * 1000);
    const ofBare = (/** @type {'perSecond' | 'cpuPer1000'} */ key) =>
      ratiosOf(results, id, reference, (figures) => figures[key]);
    const perSecond = rounds.map((figures) => figures.perSecond);
    return [
      title,
      range(perSecond, 0),
      range(ofBare('perSecond'), 2),
      range(micros('cpuPer1000'), 0),
      range(ofBare('cpuPer1000'), 2),
      number(median(micros('issuerCpuPer1000')), 0),
    ];
  });
  const head = ['route', 'requests/s', 'of bare', 'CPU µs per request', 'of bare'];
  return table([...head, 'CPU µs of Latchkey'], lines);
}
