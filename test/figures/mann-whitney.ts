/** A comparison of two samples of any distribution. */
export interface Comparison {
  /** Probability that a value of the first is greater than one of the second; 0.5: no difference. */
  auc: number;
  /** Two-sided, by the normal approximation: good from some twenty values each. */
  pValue: number;
}

/** The Mann-Whitney U test; of equal values each counts for a half. */
export function compareSamples(first: readonly number[], second: readonly number[]): Comparison {
  const pairs = first.length * second.length;
  const u = first.reduce(
    (sum, value) => sum + second.reduce((wins, other) => wins + winOf(value, other), 0),
    0,
  );
  const deviation = Math.sqrt((pairs * (first.length + second.length + 1)) / 12);
  const z = Math.abs(u - pairs / 2) / deviation;
  return { auc: u / pairs, pValue: Math.min(1, 2 * upperTail(z)) };
}

export function medianOf(sample: readonly number[]): number {
  const sorted = [...sample].sort((one, other) => one - other);
  const middle = (sorted.length - 1) / 2;
  return (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2;
}

function winOf(value: number, other: number): number {
  return value > other ? 1 : value === other ? 0.5 : 0;
}

/** P(Z > z) of the normal distribution, for z >= 0 (Abramowitz and Stegun 26.2.17). */
function upperTail(z: number): number {
  const t = 1 / (1 + 0.2316419 * z);
  const polynomial =
    t *
    (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * polynomial;
}
