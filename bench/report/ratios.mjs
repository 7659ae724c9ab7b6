// @ts-check
import { ratios } from '../harness/numbers.mjs';
import { LOGIN_REFERENCE, REFERENCE } from '../rows.mjs';

/**
 * @param {import('../parts/requests.mjs').RequestResult[]} results
 * @param {string} id of a row
 * @returns {{ perSecond: number[], cpu: number[] }} to the bare route, of each round
 */
export function requestRatios(results, id) {
  return {
    perSecond: ratiosOf(results, id, REFERENCE, ({ perSecond }) => perSecond),
    cpu: ratiosOf(results, id, REFERENCE, ({ cpuPer1000 }) => cpuPer1000),
  };
}

/**
 * @param {import('../parts/logins.mjs').LoginResult[]} results
 * @param {string} id of a row
 * @returns {number[]} sign-ins per second relative to those of bare argon2id, of each round
 */
export function loginRatios(results, id) {
  return ratiosOf(results, id, LOGIN_REFERENCE, ({ perSecond }) => perSecond);
}

/**
 * @param {import('../parts/memory.mjs').MemoryResult} result
 * @returns {{ idleBytes: number[], loadedBytes: number[] }} Latchkey's to the bare process's, of each round
 */
export function memoryRatios({ latchkey, bare }) {
  const of = (/** @type {'idleBytes' | 'loadedBytes'} */ key) =>
    ratios(
      latchkey.map((figures) => figures[key]),
      bare.map((figures) => figures[key]),
    );
  return { idleBytes: of('idleBytes'), loadedBytes: of('loadedBytes') };
}

/**
 * @template Figures
 * @param {readonly { row: { id: string }, rounds: Figures[] }[]} results
 * @param {string} id
 * @param {string} referenceId
 * @param {(figures: Figures) => number} valueOf
 * @returns {number[]} of each round
 */
export function ratiosOf(results, id, referenceId, valueOf) {
  const valuesOf = (/** @type {string} */ wanted) =>
    results.find(({ row }) => row.id === wanted)?.rounds.map(valueOf) ?? [];
  return ratios(valuesOf(id), valuesOf(referenceId));
}
