import { compareSamples, medianOf } from './mann-whitney';

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);

describe('the comparison of two samples', () => {
  it('sees no difference between equal ones', () => {
    const { auc, pValue } = compareSamples(upTo(50), upTo(50));
    expect(auc).toBe(0.5);
    expect(pValue).toBeCloseTo(1, 3);
  });

  it('sees one that is always greater, and which', () => {
    const later = upTo(50).map((value) => value + 100);
    expect(compareSamples(later, upTo(50)).auc).toBe(1);
    expect(compareSamples(upTo(50), later).auc).toBe(0);
    expect(compareSamples(later, upTo(50)).pValue).toBeLessThan(1e-9);
  });

  // U = 63, z = 0.98271, and erfc(z / sqrt 2) = 0.32575.
  it('finds the p-value of the error function', () => {
    const first = [1.1, 2.2, 3.3, 4.4, 5.5, 6.6, 7.7, 8.8, 9.9, 11];
    const second = [0.5, 1.5, 2.5, 3.5, 4.5, 5, 6, 6.5, 7, 8];
    const { auc, pValue } = compareSamples(first, second);
    expect(auc).toBe(0.63);
    expect(pValue).toBeCloseTo(0.32575, 4);
  });

  it('has the median of an odd and an even number of values', () => {
    expect(medianOf([3, 1, 2])).toBe(2);
    expect(medianOf([4, 1, 2, 3])).toBe(2.5);
  });
});
