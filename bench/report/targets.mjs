// @ts-check
import { median } from '../harness/numbers.mjs';
import { range, table } from './format.mjs';
import { loginRatios, memoryRatios, requestRatios } from './ratios.mjs';

/**
 * @typedef {object} Target
 * @property {string} title
 * @property {number[]} values of the rounds; none where it was not measured
 * @property {{ least: number } | { most: number }} bound
 */

/**
 * @param {import('./performance-document.mjs').Results} results
 * @returns {Target[]}
 */
function targetsOf({ requests = [], logins = [], starts = [], memory }) {
  const rate = (/** @type {string} */ id) => requestRatios(requests, id).perSecond;
  const resident = memory ? memoryRatios(memory) : { idleBytes: [], loadedBytes: [] };
  return [
    { title: 'profile, requests/s of bare', values: rate('profile'), bound: { least: 0.7 } },
    {
      title: 'profile, CPU of bare',
      values: requestRatios(requests, 'profile').cpu,
      bound: { most: 1.5 },
    },
    { title: 'verify, requests/s of bare', values: rate('verify'), bound: { least: 0.75 } },
    {
      title: 'profile, near cache, requests/s of bare',
      values: rate('near-profile'),
      bound: { least: 0.85 },
    },
    {
      title: 'sign-ins/s of bare argon2id',
      values: loginRatios(logins, 'latchkey-login'),
      bound: { least: 0.95 },
    },
    { title: '`npm start` to the first 200, s', values: starts, bound: { most: 5 } },
    { title: 'RSS of bare, idle', values: resident.idleBytes, bound: { most: 1.5 } },
    { title: 'RSS of bare, after the load', values: resident.loadedBytes, bound: { most: 1.5 } },
  ];
}

/**
 * @param {import('./performance-document.mjs').Results} results
 * @returns {string | undefined} undefined where no target was measured
 */
export function targetTable(results) {
  const lines = targetsOf(results)
    .filter(({ values }) => values.length > 0 && !values.some(Number.isNaN))
    .map(({ title, values, bound }) => [
      title,
      'least' in bound ? `at least ${bound.least}` : `at most ${bound.most}`,
      range(values, 2),
      isMet(median(values), bound) ? 'yes' : 'no',
    ]);
  return lines.length === 0 ? undefined : table(['target', 'bound', 'figure', 'met'], lines);
}

/**
 * @param {number} value
 * @param {Target['bound']} bound
 */
export function isMet(value, bound) {
  return 'least' in bound ? value >= bound.least : value <= bound.most;
}
