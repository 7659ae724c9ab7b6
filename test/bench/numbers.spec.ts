import { median, overlap, ratios, spread } from '../../bench/harness/numbers.mjs';

describe('figures of several rounds', () => {
  it.each([
    [[3], 3],
    [[9, 1, 5], 5],
    [[10, 2, 4, 8], 6],
    [[100, 20, 3], 20],
  ])('have a median: of %p it is %p', (values, expected) => {
    expect(median(values)).toBe(expected);
  });

  it('keep their order when the spread is computed', () => {
    const values = [3, 1, 2];
    expect(spread(values)).toEqual({ median: 2, min: 1, max: 3 });
    expect(values).toEqual([3, 1, 2]);
  });

  it('are compared within their round', () => {
    expect(ratios([50, 20], [100, 40])).toEqual([0.5, 0.5]);
  });

  it('have no ratio where the other row was not measured', () => {
    expect(ratios([50], [])).toEqual([NaN]);
  });

  it.each([
    ['apart', [1, 2], [3, 4], false],
    ['touching', [1, 3], [3, 4], true],
    ['crossing', [1, 5], [3, 9], true],
    ['one within the other', [1, 9], [3, 4], true],
  ])('overlap or not: %s', (_, [min = 0, max = 0], [otherMin = 0, otherMax = 0], expected) => {
    const one = { median: min, min, max };
    const other = { median: otherMin, min: otherMin, max: otherMax };
    expect([overlap(one, other), overlap(other, one)]).toEqual([expected, expected]);
  });
});
