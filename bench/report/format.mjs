// @ts-check
import { spread } from '../harness/numbers.mjs';

/**
 * @param {number} value
 * @param {number} digits after the point
 */
export function number(value, digits) {
  return value.toLocaleString('en-US', {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}

/**
 * @param {number[]} values of the rounds
 * @param {number} digits
 * @returns {string} the median and, in parentheses, the least and the most
 */
export function range(values, digits) {
  const { median, min, max } = spread(values);
  return Number.isNaN(median)
    ? '–'
    : `${number(median, digits)} (${number(min, digits)}–${number(max, digits)})`;
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
  return [
    toLine(head),
    toLine(widths.map((width) => '-'.repeat(width))),
    ...lines.map(toLine),
  ].join('\n');
}
