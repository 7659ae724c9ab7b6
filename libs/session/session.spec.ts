import { tombstoneTtlMs } from './session';

describe('tombstoneTtlMs', () => {
  it('is what is left of the session', () => {
    expect(tombstoneTtlMs(10_000, 4_000, 60_000)).toBe(6_000);
  });

  it('never exceeds the limit', () => {
    expect(tombstoneTtlMs(100_000, 0, 60_000)).toBe(60_000);
  });

  it('is nothing for an expired session', () => {
    expect(tombstoneTtlMs(4_000, 10_000, 60_000)).toBe(0);
  });
});
