// @ts-check
import { ratios } from '../harness/numbers.mjs';
import { number, range, table } from '../report/format.mjs';

/** @typedef {import('./operations.mjs').Row} Row */
/** @typedef {import('./scale-table.mjs').ScaleResult} ScaleResult */

/**
 * A Cluster beside one server: the requests of each size, what they write, and an idle instance.
 * @param {ScaleResult} result
 * @param {number[]} sizes
 * @returns {string} Markdown
 */
export function comparisonTables({ rows, backgrounds }, sizes) {
  const requests = sizes.map((size) => requestTable(pairsOf(rows, size), size));
  const writes = sizes.map((size) => writesTable(pairsOf(rows, size), size));
  return [...requests, ...writes, backgroundTable(backgrounds)].join('\n\n');
}

/** @param {[Row, Row][]} pairs @param {number} size */
function requestTable(pairs, size) {
  return table(
    [
      `${number(size, 0)} sessions`,
      'p50 ms, one server',
      'Cluster',
      'Cluster/one server',
      'commands',
      'Cluster',
      'CPU µs of Redis',
      'Cluster',
    ],
    pairs.map(([one, cluster]) => [
      one.operation,
      number(one.p50Ms, 2),
      number(cluster.p50Ms, 2),
      range(ratios(cluster.roundP50sMs ?? [], one.roundP50sMs ?? []), 2),
      ...[one, cluster].map(({ sent, steps }) => `${count(sent)} (${count(steps)})`),
      ...[one, cluster].map(({ redisCpuMicros: micros }) =>
        micros === undefined ? '–' : number(micros, 0),
      ),
    ]),
  );
}

/** @param {[Row, Row][]} pairs @param {number} size */
function writesTable(pairs, size) {
  const lines = pairs.flatMap(([one, cluster]) =>
    one.writes === undefined || cluster.writes === undefined
      ? []
      : [
          [
            one.operation,
            count(one.writes.transactions),
            number(one.writes.walBytes, 0),
            number(one.writes.redisBytes, 0),
            number(cluster.writes.redisBytes, 0),
          ],
        ],
  );
  return table(
    [
      `writes, ${number(size, 0)} sessions`,
      'transactions of Postgres',
      'bytes of its log',
      'bytes to a replica of Redis',
      'Cluster',
    ],
    lines,
  );
}

/** @param {ScaleResult['backgrounds']} backgrounds */
function backgroundTable(backgrounds) {
  return table(
    ['an idle instance, per second', 'scripts', 'CPU ms of Redis', 'bytes to a replica'],
    backgrounds.map(({ kind, size, scripts, cpuSeconds, appendedBytes }) => [
      `${kind === 'single' ? 'one server' : 'Cluster of three'}, ${number(size, 0)} sessions`,
      number(scripts, 0),
      number(cpuSeconds * 1000, 1),
      number(appendedBytes, 0),
    ]),
  );
}

/**
 * @param {Row[]} rows
 * @param {number} size
 * @returns {[Row, Row][]} of one server and of the Cluster
 */
function pairsOf(rows, size) {
  const own = rows.filter((row) => row.size === size);
  return own
    .filter(({ kind }) => kind === 'single')
    .flatMap((one) => {
      const cluster = own.find(
        ({ kind, operation }) => kind === 'cluster' && operation === one.operation,
      );
      return cluster === undefined ? [] : [/** @type {[Row, Row]} */ ([one, cluster])];
    });
}

/** @param {number} value @returns {string} */
const count = (value) => number(value, 1).replace('.0', '');
