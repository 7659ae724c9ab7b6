// @ts-check

/** @typedef {{ median: number, min: number, max: number }} Spread */

/**
 * @param {number[]} values at least one
 * @returns {number} the middle one; of an even number the mean of the two in the middle
 */
export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const above = sorted[Math.floor(sorted.length / 2)] ?? NaN;
  const below = sorted[Math.ceil(sorted.length / 2) - 1] ?? NaN;
  return (below + above) / 2;
}

/**
 * @param {number[]} values at least one
 * @returns {Spread}
 */
export function spread(values) {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
}

/**
 * @param {Spread} one
 * @param {Spread} other
 * @returns {boolean} whether a difference between the two may be an accident
 */
export function overlap(one, other) {
  return one.min <= other.max && other.min <= one.max;
}

/**
 * Divides each value by the one that was measured in the same round: what slows a whole round cancels out.
 * @param {number[]} values
 * @param {number[]} references
 */
export function ratios(values, references) {
  return values.map((value, round) => value / (references[round] ?? NaN));
}
