import { endedWithin, withDeadline } from './deadline';

const never = new Promise<never>(() => undefined);
const expired = () => new Error('too late');

describe('a deadline', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it('passes a result and an error on, and leaves no timer', async () => {
    await expect(withDeadline(Promise.resolve(7), 1000, expired)).resolves.toBe(7);
    const failure = new Error('failed');
    await expect(withDeadline(Promise.reject(failure), 1000, expired)).rejects.toBe(failure);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('rejects with its own error when the time is over', async () => {
    const result = expect(withDeadline(never, 1000, expired)).rejects.toThrow('too late');
    jest.advanceTimersByTime(1000);
    await result;
  });

  it('drops an error that comes after it', async () => {
    let fail: (error: Error) => void = () => undefined;
    const work = new Promise<never>((_, reject) => (fail = reject));
    const result = expect(withDeadline(work, 1000, expired)).rejects.toThrow('too late');
    jest.advanceTimersByTime(1000);
    await result;
    fail(new Error('failed late'));
    await expect(work).rejects.toThrow('failed late');
  });

  it('ends a wait at the end of the work, in success as in failure, and leaves no timer', async () => {
    await endedWithin(Promise.resolve(7), 1000);
    await endedWithin(Promise.reject(new Error('failed')), 1000);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('ends a wait for work that does not end', async () => {
    const wait = endedWithin(never, 1000);
    jest.advanceTimersByTime(1000);
    await expect(wait).resolves.toBeUndefined();
  });
});
