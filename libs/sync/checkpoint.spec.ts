import {
  earliest,
  formatCheckpoint,
  isReplayable,
  parseCheckpoint,
  parseSnapshot,
  type Checkpoint,
} from './checkpoint';

const checkpoint: Checkpoint = {
  epoch: '3',
  snapshot: '1000:1010:1000,1003',
  recordedAtMs: '1800000000000',
};
const HOUR_MS = 3_600_000;

function later(transactions: number, ms: number) {
  return {
    snapshot: `${1000 + transactions}:${1010 + transactions}:`,
    recordedAtMs: String(1_800_000_000_000 + ms),
  };
}

describe('checkpoints', () => {
  it('are parsed from their text', () => {
    expect(parseCheckpoint(formatCheckpoint(checkpoint))).toEqual(checkpoint);
  });

  it.each([
    null,
    '',
    '3',
    '3|1000',
    '3|1000|1',
    'x|1:1:|1',
    '3|1:1:|1|1',
    '3|-1:1:|1',
    '3|1:1:1,|1',
  ])('are not parsed from %j', (text) => {
    expect(parseCheckpoint(text)).toBeNull();
  });

  it('can be replayed from while Postgres is not far ahead', () => {
    expect(isReplayable(checkpoint, later(0, 0))).toBe(true);
    expect(isReplayable(checkpoint, later(50_000, HOUR_MS))).toBe(true);
    expect(isReplayable(checkpoint, later(1, HOUR_MS + 1))).toBe(false);
  });

  it('cannot be replayed from when Postgres is behind: it is another database', () => {
    expect(isReplayable(checkpoint, later(-1, 0))).toBe(false);
    expect(isReplayable(checkpoint, later(1, -HOUR_MS - 1))).toBe(false);
  });

  it('cannot be replayed from when Postgres has not begun a transaction that they name', () => {
    expect(isReplayable(checkpoint, { ...later(0, 0), snapshot: '1000:1009:1000' })).toBe(false);
  });

  it('can be replayed from while a transaction stays open', () => {
    expect(isReplayable(checkpoint, { ...later(0, 0), snapshot: '1000:90000:1000' })).toBe(true);
  });

  it('compare transaction ids beyond the range of a JavaScript number', () => {
    const at = (xmin: string, xmax: string) => ({ ...checkpoint, snapshot: `${xmin}:${xmax}:` });
    const far = at('9007199254740993', '9007199254740993');
    expect(isReplayable(far, at('9007199254740992', '9007199254740993'))).toBe(false);
    expect(isReplayable(far, at('9007199254740994', '9007199254740994'))).toBe(true);
  });
});

describe('snapshots', () => {
  it('name the transactions that were in progress', () => {
    expect(parseSnapshot('10:20:10,14')).toEqual({ xmin: '10', xmax: '20', xip: ['10', '14'] });
    expect(parseSnapshot('10:10:')).toEqual({ xmin: '10', xmax: '10', xip: [] });
  });
});

describe('the earliest of several checkpoints', () => {
  it.each([
    ['has the lower xmin', ['1000:1010:1000', '1001:1010:1001']],
    ['has the lower xmax', ['1000:1009:1000', '1000:1010:1000']],
    ['lists more transactions in progress', ['1000:1010:1000,1003', '1000:1010:1000']],
    ['is found although numbers have different lengths', ['999:1000:', '1000:1010:1000']],
  ])('%s', (_what, [first, second]) => {
    const [one, two] = [{ snapshot: first! }, { snapshot: second! }];
    expect(earliest([one, two])).toBe(one);
    expect(earliest([two, one])).toBe(one);
  });
});
