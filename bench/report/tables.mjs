// @ts-check
import { median } from '../harness/numbers.mjs';
import { number, range, table } from './format.mjs';
import { loginRatios, memoryRatios, requestRatios } from './ratios.mjs';

const MIB = 1024 * 1024;

/**
 * @param {import('../parts/requests.mjs').RequestResult[]} results
 * @returns {string} a table in Markdown, like those of the other parts
 */
export function requestTable(results) {
  const head = ['answered by', 'requests/s', 'of bare', 'CPU s per 1000', 'of bare'];
  const lines = results.map((result) => {
    const { row, rounds, commands } = result;
    const ratios = requestRatios(results, row.id);
    return [
      row.title,
      range(of(rounds, 'perSecond'), 0),
      range(ratios.perSecond, 2),
      range(of(rounds, 'cpuPer1000'), 3),
      range(ratios.cpu, 2),
      number(median(of(rounds, 'p50')), 0),
      number(median(of(rounds, 'p99')), 0),
      number(median(of(rounds, 'residentBytes')) / MIB, 0),
      number(total(commands), 2),
    ];
  });
  return table([...head, 'p50 ms', 'p99 ms', 'RSS MiB', 'Redis commands'], lines);
}

/** @param {import('../parts/logins.mjs').LoginResult[]} results */
export function loginTable(results) {
  const head = ['password checked by', 'sign-ins/s', 'of bare argon2id', 'CPU ms each'];
  const lines = results.map(({ row, rounds }) => [
    row.title,
    range(of(rounds, 'perSecond'), 1),
    range(loginRatios(results, row.id), 2),
    range(
      rounds.map(({ cpuEach }) => cpuEach * 1000),
      1,
    ),
    number(median(of(rounds, 'p50')), 0),
    number(median(of(rounds, 'p99')), 0),
  ]);
  return table([...head, 'p50 ms', 'p99 ms'], lines);
}

/** @param {number[]} seconds of the starts */
export function startTable(seconds) {
  return table(['from the command to', 'seconds'], [['the first 200', range(seconds, 2)]]);
}

/** @param {import('../parts/memory.mjs').MemoryResult} result */
export function memoryTable(result) {
  const ratios = memoryRatios(result);
  const line = (/** @type {string} */ title, /** @type {'idleBytes' | 'loadedBytes'} */ key) => [
    title,
    mebibytes(of(result.latchkey, key)),
    mebibytes(of(result.bare, key)),
    range(ratios[key], 2),
  ];
  const head = ['RSS, MiB', 'Latchkey', 'bare Nest process', 'ratio'];
  return table(head, [line('idle', 'idleBytes'), line('after the load', 'loadedBytes')]);
}

/** @param {number[]} bytes */
function mebibytes(bytes) {
  return range(
    bytes.map((value) => value / MIB),
    0,
  );
}

/**
 * @template {string} Key
 * @param {readonly Record<Key, number>[]} rounds
 * @param {Key} key
 */
function of(rounds, key) {
  return rounds.map((round) => round[key]);
}

/** @param {Record<string, number>} commands */
function total(commands) {
  return Object.values(commands).reduce((sum, count) => sum + count, 0);
}
