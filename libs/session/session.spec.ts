import { tombstoneTtlMs } from './session';

const DAY_MS = 86_400_000;

describe('tombstoneTtlMs', () => {
  it('is what is left of the last token, and a minute for clocks that differ', () => {
    expect(tombstoneTtlMs(10_000, 4_000, DAY_MS)).toBe(66_000);
    expect(tombstoneTtlMs(4_000, 10_000, DAY_MS)).toBe(54_000);
  });

  it('never exceeds the limit', () => {
    expect(tombstoneTtlMs(100_000, 0, 60_000)).toBe(60_000);
  });

  it('is nothing a minute after the last token has expired', () => {
    expect(tombstoneTtlMs(4_000, 64_000, DAY_MS)).toBe(0);
    expect(tombstoneTtlMs(4_000, 80_000, DAY_MS)).toBe(0);
  });
});
