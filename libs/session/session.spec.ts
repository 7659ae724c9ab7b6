import { tombstoneTtlMs } from './session';

const DAY_MS = 86_400_000;

const LEASE_MS = 1000;
const BOUNDS = { leaseMs: LEASE_MS, limitMs: DAY_MS };

describe('tombstoneTtlMs', () => {
  it('is the rest of the life of the last token, plus a minute of clock difference', () => {
    expect(tombstoneTtlMs(10_000, 4_000, BOUNDS)).toBe(66_000);
    expect(tombstoneTtlMs(4_000, 10_000, BOUNDS)).toBe(54_000);
  });

  it('never exceeds the limit', () => {
    expect(tombstoneTtlMs(100_000, 0, { ...BOUNDS, limitMs: 60_000 })).toBe(60_000);
  });

  it.each([
    ['the limit is short', 100_000, 0, 1_000],
    ['the limit is zero', 100_000, 0, 0],
    ['the last token has just expired', 4_000, 63_999, DAY_MS],
    ['the last token has long expired', 4_000, 80_000, DAY_MS],
  ])('outlives every write that may be under way, also when %s', (_when, expiry, now, limitMs) => {
    const ttlMs = tombstoneTtlMs(expiry, now, { leaseMs: LEASE_MS, limitMs });
    expect(ttlMs).toBe(5 * LEASE_MS);
  });
});
