import { formatPosition, isReplayable, parsePosition, type Position } from './position';

const position: Position = { era: '3', transactionId: '1000', recordedAtMs: '1800000000000' };
const HOUR_MS = 3_600_000;

function later(transactions: number, ms: number) {
  return {
    transactionId: String(1000 + transactions),
    recordedAtMs: String(1_800_000_000_000 + ms),
  };
}

describe('positions', () => {
  it('come back from their text', () => {
    expect(parsePosition(formatPosition(position))).toEqual(position);
  });

  it.each([null, '', '3', '3|1000', 'x|1|1', '3|1000|1|1', '3|-1|1'])(
    'are not made of %j',
    (text) => {
      expect(parsePosition(text)).toBeNull();
    },
  );

  it('can be replayed from while the record is not far ahead', () => {
    expect(isReplayable(position, later(0, 0))).toBe(true);
    expect(isReplayable(position, later(50_000, HOUR_MS))).toBe(true);
    expect(isReplayable(position, later(1, HOUR_MS + 1))).toBe(false);
  });

  it('cannot be replayed from when the record is behind: it is another one', () => {
    expect(isReplayable(position, later(-1, 0))).toBe(false);
    expect(isReplayable(position, later(1, -HOUR_MS - 1))).toBe(false);
  });

  it('compare transaction ids beyond what a JavaScript number holds', () => {
    const far = { ...position, transactionId: '9007199254740993' };
    expect(isReplayable(far, { ...position, transactionId: '9007199254740992' })).toBe(false);
    expect(isReplayable(far, { ...position, transactionId: '9007199254740994' })).toBe(true);
  });
});
