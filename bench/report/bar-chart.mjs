// @ts-check
import { number } from './format.mjs';

const WIDTH = 860;
const LABELS_END = 270;
const BARS_BEGIN = 282;
const BARS_END = 770;
const FIRST_BAR = 76;
const BAR_STEP = 30;
const BAR_HEIGHT = 18;
const WHISKER_HEIGHT = 8;
const MARGIN = 16;
/** Steps of an axis: the smallest one that needs at most AXIS_LINES lines. */
const AXIS_STEPS = [1, 2, 5].flatMap((step) => [
  step,
  step * 10,
  step * 100,
  step * 1000,
  step * 10_000,
]);
const AXIS_LINES = 6;

/** The picture has its own background, because that of the page is unknown. */
const STYLE = `
  .background { fill: #ffffff; }
  text { fill: #1f2328; font: 13px system-ui, -apple-system, 'Segoe UI', sans-serif; }
  .title { font-size: 16px; font-weight: 600; }
  .quiet { fill: #59636e; font-size: 12px; }
  .axis { stroke: #d1d9e0; }
  .bar { fill: #8c959f; }
  .ours { fill: #0969da; }
  .whisker { stroke: #1f2328; stroke-width: 1.5; }
  @media (prefers-color-scheme: dark) {
    .background { fill: #0d1117; }
    text { fill: #f0f6fc; }
    .quiet { fill: #9198a1; }
    .axis { stroke: #3d444d; }
    .bar { fill: #656c76; }
    .ours { fill: #4493f8; }
    .whisker { stroke: #f0f6fc; }
  }`;

/** @typedef {import('../harness/numbers.mjs').Spread & { label: string, isOurs: boolean }} Bar */

/**
 * @param {{ title: string, note: string, bars: Bar[] }} chart
 * @returns {string} an SVG document, readable on light and on dark pages
 */
export function barChart({ title, note, bars }) {
  const most = Math.max(...bars.map(({ max }) => max));
  const x = (/** @type {number} */ value) =>
    Math.round(BARS_BEGIN + (value / most) * (BARS_END - BARS_BEGIN));
  const bottom = FIRST_BAR + bars.length * BAR_STEP;
  const height = bottom + 30;
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" role="img">`,
    `<title>${escape(title)}</title>`,
    `<style>${STYLE}\n</style>`,
    `<rect class="background" width="${WIDTH}" height="${height}" rx="6"/>`,
    `<text class="title" x="${MARGIN}" y="30">${escape(title)}</text>`,
    `<text class="quiet" x="${MARGIN}" y="50">${escape(note)}</text>`,
    ...axisValues(most).map((value) => axisLine(x(value), value, bottom)),
    ...bars.map((bar, index) => barOf(bar, FIRST_BAR + index * BAR_STEP, x)),
    '</svg>',
  ].join('\n')}\n`;
}

/** @param {number} most @returns {number[]} round numbers from 0 to the most */
export function axisValues(most) {
  const step = AXIS_STEPS.toSorted((a, b) => a - b).find((one) => most / one < AXIS_LINES) ?? most;
  return Array.from({ length: Math.floor(most / step) + 1 }, (_, index) => index * step);
}

/**
 * @param {number} x
 * @param {number} value
 * @param {number} bottom
 */
function axisLine(x, value, bottom) {
  return (
    `<line class="axis" x1="${x}" x2="${x}" y1="${FIRST_BAR - 8}" y2="${bottom}"/>` +
    `<text class="quiet" text-anchor="middle" x="${x}" y="${bottom + 16}">${number(value, 0)}</text>`
  );
}

/**
 * @param {Bar} bar
 * @param {number} top
 * @param {(value: number) => number} x
 */
function barOf({ label, isOurs, median, min, max }, top, x) {
  const middle = top + BAR_HEIGHT / 2;
  const [from, to] = [middle - WHISKER_HEIGHT / 2, middle + WHISKER_HEIGHT / 2];
  const end = (/** @type {number} */ value) => `M${x(value)} ${from}V${to}`;
  return [
    `<text text-anchor="end" x="${LABELS_END}" y="${middle + 4}">${escape(label)}</text>`,
    `<rect class="${isOurs ? 'ours' : 'bar'}" x="${BARS_BEGIN}" y="${top}" width="${x(median) - BARS_BEGIN}" height="${BAR_HEIGHT}" rx="2"/>`,
    `<path class="whisker" d="M${x(min)} ${middle}H${x(max)}${end(min)}${end(max)}"/>`,
    `<text x="${x(max) + 8}" y="${middle + 4}">${number(median, 0)}</text>`,
  ].join('');
}

/** @param {string} text */
function escape(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
