import { delayMs } from './attempt-limits';

describe('the delay of attempts on an account', () => {
  it('is none while few have failed, then doubles, up to four seconds', () => {
    const delays = [0, 9, 10, 11, 12, 13, 14, 15, 1000].map(delayMs);
    expect(delays).toEqual([0, 0, 250, 500, 1000, 2000, 4000, 4000, 4000]);
  });
});
