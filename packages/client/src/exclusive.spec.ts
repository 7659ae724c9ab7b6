import { exclusively } from './exclusive';

describe('actions without navigator.locks', () => {
  const { navigator } = globalThis as { navigator?: unknown };

  beforeEach(() =>
    Object.defineProperty(globalThis, 'navigator', { value: {}, configurable: true }),
  );

  afterEach(() =>
    Object.defineProperty(globalThis, 'navigator', { value: navigator, configurable: true }),
  );

  it('of one name run one after the other, also after one that failed', async () => {
    const events: string[] = [];
    const action = (name: string) => async () => {
      events.push(`${name} begins`);
      await new Promise((resolve) => setImmediate(resolve));
      events.push(`${name} ends`);
      if (name === 'b') {
        throw new Error('b failed');
      }
      return name;
    };
    const running = ['a', 'b', 'c'].map((name) => exclusively('x', action(name)));
    expect(await Promise.allSettled(running)).toMatchObject([
      { value: 'a' },
      { reason: { message: 'b failed' } },
      { value: 'c' },
    ]);
    expect(events).toEqual(['a', 'b', 'c'].flatMap((name) => [`${name} begins`, `${name} ends`]));
  });

  it('of different names do not wait for each other', async () => {
    let release = (): void => undefined;
    const first = exclusively('y', () => new Promise<void>((resolve) => (release = resolve)));
    expect(await exclusively('z', () => Promise.resolve('done'))).toBe('done');
    release();
    await first;
  });
});
