// @ts-check
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../tools/local/paths.mjs';
import { spread } from '../harness/numbers.mjs';
import { barChart } from './bar-chart.mjs';
import { replaceBetween } from './markers.mjs';
import { doubtfulPairs, loginTable, memoryTable, requestTable, startTable } from './tables.mjs';
import { targetTable } from './targets.mjs';

const DOCUMENT = join(ROOT, 'docs', 'performance.md');
const CHART_LINK = '![Requests per second of each row](performance.svg)';
const CHART = join(ROOT, 'docs', 'performance.svg');

/**
 * The results of a run; undefined: a part that was skipped.
 * @typedef {object} Results
 * @property {import('../harness/machine.mjs').Circumstances} circumstances
 * @property {{ rounds: number, seconds: number, connections: number }} length
 * @property {import('../parts/requests.mjs').RequestResult[] | undefined} requests
 * @property {import('../parts/logins.mjs').LoginResult[] | undefined} logins
 * @property {number[] | undefined} starts seconds
 * @property {import('../parts/memory.mjs').MemoryResult | undefined} memory
 */

/**
 * @param {Results} results
 * @returns {string} Markdown
 */
export function describeResults(results) {
  const { requests, logins, starts, memory } = results;
  const targets = targetTable(results);
  return [
    describeRun(results),
    requests && `### Requests\n\n${requestTable(requests)}\n\n${doubtfulPairs(requests)}`,
    logins && `### Sign-ins\n\n${loginTable(logins)}`,
    starts && `### Start\n\n${startTable(starts)}`,
    memory && `### Memory\n\n${memoryTable(memory)}`,
    targets && `### Targets\n\n${targets}`,
  ]
    .filter(Boolean)
    .join('\n\n');
}

/**
 * @param {Pick<Results, 'circumstances' | 'length'>} results
 * @returns {string} the environment and the length of the run
 */
export function describeRun({ circumstances, length }) {
  const { date, processor, cores, memoryGib, system, versions, packages } = circumstances;
  const { rounds, seconds, connections } = length;
  return (
    `Measured on ${date}: ${processor}, ${cores} cores, ${memoryGib} GiB, ${system}; ${list(versions)}. ` +
    `Packages: ${list(packages)}. ${rounds} rounds of ${seconds} s, ${connections} connections.`
  );
}

/** @param {Results} results */
export function writeDocument(results) {
  const tables = describeResults(results);
  const content = results.requests === undefined ? tables : `${CHART_LINK}\n\n${tables}`;
  writeFileSync(DOCUMENT, replaceBetween(readFileSync(DOCUMENT, 'utf8'), 'bench', content));
  if (results.requests !== undefined) {
    const { rounds, connections } = results.length;
    const chart = barChart({
      title: `Requests per second, ${connections} connections`,
      note: `bars: medians of ${rounds} rounds; whiskers: least and most`,
      bars: results.requests.map(({ row, rounds: measured }) => ({
        label: row.title,
        isOurs: row.program.startsWith('latchkey'),
        ...spread(measured.map(({ perSecond }) => perSecond)),
      })),
    });
    writeFileSync(CHART, chart);
  }
}

/** @param {Record<string, string>} versions */
function list(versions) {
  return Object.entries(versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(', ');
}
