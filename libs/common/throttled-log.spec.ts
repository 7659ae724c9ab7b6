import { ThrottledLog } from './throttled-log';

describe('a throttled log', () => {
  it('writes the first line, then one a period with the number of those in between', () => {
    let nowMs = 0;
    const lines: unknown[] = [];
    const log = new ThrottledLog((fields, message) => lines.push([fields, message]), {
      periodMs: 60_000,
      now: () => nowMs,
    });
    const written = [0, 1000, 59_999, 60_000, 61_000, 200_000].map((atMs) => {
      nowMs = atMs;
      return log.write({ atMs }, 'store unavailable');
    });
    expect(written).toEqual([true, false, false, true, false, true]);
    expect(lines).toEqual([
      [{ atMs: 0 }, 'store unavailable'],
      [{ atMs: 60_000, suppressed: 2 }, 'store unavailable'],
      [{ atMs: 200_000, suppressed: 1 }, 'store unavailable'],
    ]);
  });
});
