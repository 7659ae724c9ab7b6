import { Recent } from './recent';

/** Work that a test ends, counting how often it was begun. */
class Work {
  begun = 0;
  private end: { resolve: (value: number) => void; reject: (error: Error) => void } | undefined;

  readonly begin = () => {
    this.begun += 1;
    return new Promise<number>((resolve, reject) => (this.end = { resolve, reject }));
  };

  finish(): void {
    this.end?.resolve(this.begun);
  }

  fail(message: string): void {
    this.end?.reject(new Error(message));
  }
}

describe('a recent answer', () => {
  let work: Work;
  let recent: Recent<number>;

  beforeEach(() => {
    work = new Work();
    recent = new Recent();
  });

  it('is computed once for all concurrent callers, at any maximum age', async () => {
    const answers = Array.from({ length: 200 }, () => recent.get(0, work.begin));
    work.finish();
    expect(new Set(await Promise.all(answers))).toEqual(new Set([1]));
    expect(work.begun).toBe(1);
  });

  it('is returned again while it is young', async () => {
    const first = recent.get(Infinity, work.begin);
    work.finish();
    await first;
    expect(await recent.get(Infinity, work.begin)).toBe(1);
    expect(work.begun).toBe(1);
  });

  it('is computed again when it is too old', async () => {
    const first = recent.get(0, work.begin);
    work.finish();
    await first;
    const second = recent.get(0, work.begin);
    work.finish();
    expect(await second).toBe(2);
  });

  it('rejects the waiting callers when it fails, and no later ones', async () => {
    const failed = [recent.get(Infinity, work.begin), recent.get(Infinity, work.begin)];
    work.fail('away');
    for (const answer of failed) {
      await expect(answer).rejects.toThrow('away');
    }
    const later = recent.get(Infinity, work.begin);
    work.finish();
    expect(await later).toBe(2);
  });
});
