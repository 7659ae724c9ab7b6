// @ts-check
import { ratios, spread } from '../harness/numbers.mjs';
import { REFERENCE } from '../rows.mjs';

const MIB = 1024 * 1024;

/**
 * @param {import('../parts/requests.mjs').RequestResult[]} results
 * @returns {string} a table in Markdown
 */
export function requestTable(results) {
  const reference = results.find(({ row }) => row.id === REFERENCE);
  const lines = results.map(({ row, rounds, commands }) => {
    const perSecond = rounds.map((round) => round.perSecond);
    const cpu = rounds.map((round) => round.cpuPer1000);
    const most = rounds.map(({ residentBytes }) => residentBytes / MIB);
    return [
      row.title,
      range(perSecond, 0),
      range(ratios(perSecond, reference?.rounds.map((round) => round.perSecond) ?? []), 2),
      range(cpu, 3),
      range(ratios(cpu, reference?.rounds.map((round) => round.cpuPer1000) ?? []), 2),
      spread(rounds.map(({ p50 }) => p50)).median.toFixed(0),
      spread(rounds.map(({ p99 }) => p99)).median.toFixed(0),
      spread(most).median.toFixed(0),
      total(commands).toFixed(2),
    ];
  });
  const head = [
    'row',
    'requests/s',
    'of bare',
    'CPU s/1000',
    'of bare',
    'p50 ms',
    'p99 ms',
    'RSS MiB',
    'Redis commands',
  ];
  return table(head, lines);
}

/** @param {Record<string, number>} commands */
function total(commands) {
  return Object.values(commands).reduce((sum, count) => sum + count, 0);
}

/**
 * @param {number[]} values of the rounds
 * @param {number} digits
 * @returns {string} the median and, in parentheses, the least and the most
 */
export function range(values, digits) {
  const { median, min, max } = spread(values);
  const text = (/** @type {number} */ value) =>
    value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return Number.isNaN(median) ? '–' : `${text(median)} (${text(min)}–${text(max)})`;
}

/**
 * @param {string[]} head
 * @param {string[][]} lines
 * @returns {string} a table in Markdown, laid out as Prettier does it
 */
export function table(head, lines) {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...lines.map((cells) => cells[column]?.length ?? 0)),
  );
  const toLine = (/** @type {string[]} */ cells) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [toLine(head), rule, ...lines.map(toLine)].join('\n');
}
