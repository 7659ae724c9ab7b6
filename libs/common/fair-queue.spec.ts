import fc from 'fast-check';
import { OverloadedError } from './domain-error';
import { FairQueue, type Admission, type ClientClass } from './fair-queue';

const CLASSES: ClientClass[] = ['known', 'familiar', 'stranger'];

/** A queue whose work the test completes. */
class Bench {
  readonly started: string[] = [];
  readonly refused: string[] = [];
  private readonly running: (() => void)[] = [];
  private asked = 0;

  constructor(readonly queue: FairQueue) {}

  async ask(party: string, ofClass: ClientClass = 'stranger'): Promise<void> {
    const admission: Admission = { party, class: ofClass };
    const name = `${party}${(this.asked += 1)}`;
    this.queue
      .run(admission, () => {
        this.started.push(name);
        return new Promise<void>((end) => this.running.push(end));
      })
      .catch((error: unknown) => {
        expect(error).toBeInstanceOf(OverloadedError);
        this.refused.push(name);
      });
    await settled();
  }

  get atWork(): number {
    return this.running.length;
  }

  async endOne(): Promise<void> {
    this.running.shift()?.();
    await settled();
  }

  async endAll(): Promise<void> {
    while (this.running.length > 0) {
      await this.endOne();
    }
  }
}

/** Runs the pending promise callbacks. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('the fair queue', () => {
  const benchOf = (concurrency: number, maxWaiting: number) =>
    new Bench(new FairQueue(concurrency, maxWaiting));

  it('starts work at once while it has room, and passes on results and errors', async () => {
    const queue = new FairQueue(2, 1);
    const known: Admission = { party: 'a', class: 'known' };
    await expect(queue.run(known, () => Promise.resolve(1))).resolves.toBe(1);
    const failure = new OverloadedError();
    await expect(queue.run(known, () => Promise.reject(failure))).rejects.toBe(failure);
    await expect(queue.run(known, () => Promise.resolve(2))).resolves.toBe(2);
    expect(queue.waiting).toBe(0);
  });

  it('lets parties take turns, each with its oldest work first', async () => {
    const bench = benchOf(1, 10);
    await bench.ask('x');
    for (const party of ['a', 'a', 'a', 'b', 'c']) {
      await bench.ask(party);
    }
    await bench.endAll();
    expect(bench.started).toEqual(['x1', 'a2', 'b5', 'c6', 'a3', 'a4']);
  });

  it('starts the best class first, and keeps a quarter of the starts for each of the others', async () => {
    const bench = benchOf(1, 100);
    await bench.ask('x');
    for (let count = 0; count < 12; count++) {
      await bench.ask('s', 'stranger');
      await bench.ask('f', 'familiar');
      await bench.ask('k', 'known');
    }
    await bench.endAll();
    const first = bench.started.slice(1, 13).map((name) => name[0]);
    expect(first.join('')).toBe('kfkskfkskfks');
  });

  it('gives three starts of four to a known client beside a flood of strangers', async () => {
    const bench = benchOf(1, 100);
    await bench.ask('x');
    for (let count = 0; count < 10; count++) {
      await bench.ask(`s${count}-`, 'stranger');
    }
    for (let count = 0; count < 3; count++) {
      await bench.ask('k', 'known');
    }
    await bench.endAll();
    expect(
      bench.started
        .slice(1, 5)
        .map((name) => name[0])
        .join(''),
    ).toBe('kkks');
  });

  it('refuses work that has waited too long, and tells how each wait ended', async () => {
    const ended: string[] = [];
    const queue = new FairQueue(1, 2, {
      maxWaitMs: 10,
      onWaited: (outcome, waitedMs) => {
        expect(waitedMs).toBeGreaterThanOrEqual(0);
        ended.push(outcome);
      },
    });
    const party: Admission = { party: 'a', class: 'stranger' };
    let end!: () => void;
    const first = queue.run(party, () => new Promise<void>((resolve) => (end = resolve)));
    const late = [1, 2].map(() => queue.run(party, () => Promise.resolve('too late')));
    await expect(queue.run(party, () => Promise.resolve('no room'))).rejects.toThrow(
      OverloadedError,
    );
    for (const waiting of late) {
      await expect(waiting).rejects.toThrow(OverloadedError);
    }
    expect(queue.waiting).toBe(0);
    const next = queue.run(party, () => Promise.resolve('in time'));
    end();
    await first;
    await expect(next).resolves.toBe('in time');
    expect(ended).toEqual(['refused', 'refused', 'refused', 'ok']);
    expect(queue.waiting).toBe(0);
  });

  it('displaces the newest work of the party that has the most', async () => {
    const bench = benchOf(1, 4);
    await bench.ask('x');
    for (const party of ['a', 'b', 'b', 'b']) {
      await bench.ask(party);
    }
    await bench.ask('c');
    expect(bench.refused).toEqual(['b5']);
    await bench.endAll();
    expect(bench.started).toEqual(['x1', 'a2', 'b3', 'c6', 'b4']);
  });

  it('refuses a newcomer where displacing would not be fairer', async () => {
    const bench = benchOf(1, 3);
    await bench.ask('x');
    for (const party of ['a', 'a', 'b', 'b']) {
      await bench.ask(party);
    }
    expect(bench.refused).toEqual(['b5']);
    await bench.ask('c');
    expect(bench.refused).toEqual(['b5', 'a3']);
    await bench.ask('d');
    expect(bench.refused).toEqual(['b5', 'a3', 'd7']);
  });

  it('displaces a worse class for a better one, never a better for a worse', async () => {
    const bench = benchOf(1, 2);
    await bench.ask('x');
    await bench.ask('s', 'stranger');
    await bench.ask('f', 'familiar');
    await bench.ask('k', 'known');
    expect(bench.refused).toEqual(['s2']);
    await bench.ask('s', 'stranger');
    expect(bench.refused).toEqual(['s2', 's5']);
    await bench.ask('k', 'known');
    expect(bench.refused).toEqual(['s2', 's5', 'f3']);
    await bench.ask('k', 'known');
    expect(bench.refused).toEqual(['s2', 's5', 'f3', 'k7']);
    await bench.endAll();
    expect(bench.started).toEqual(['x1', 'k4', 'k6']);
  });

  const command = fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({
        party: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
        ofClass: fc.constantFrom(...CLASSES),
      }),
    },
    { weight: 1, arbitrary: fc.constant('end' as const) },
  );

  it('keeps its bounds, is never idle while work waits, and settles all work', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 1, max: 6 }),
        fc.array(command, { maxLength: 60 }),
        async (concurrency, maxWaiting, commands) => {
          const bench = benchOf(concurrency, maxWaiting);
          let asked = 0;
          for (const one of commands) {
            if (one === 'end') {
              await bench.endOne();
            } else {
              asked += 1;
              await bench.ask(one.party, one.ofClass);
            }
            expect(bench.atWork).toBeLessThanOrEqual(concurrency);
            expect(bench.queue.waiting).toBeLessThanOrEqual(maxWaiting);
            expect(bench.queue.waiting === 0 || bench.atWork === concurrency).toBe(true);
            expect(bench.started.length + bench.refused.length + bench.queue.waiting).toBe(asked);
          }
          await bench.endAll();
          expect(bench.started.length + bench.refused.length).toBe(asked);
          expect(new Set([...bench.started, ...bench.refused]).size).toBe(asked);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('never refuses a party that has less waiting than its share, under any load of the others', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 4, max: 12 }),
        fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 20, maxLength: 60 }),
        fc.constantFrom(...CLASSES),
        async (maxWaiting, flood, ofClass) => {
          const bench = benchOf(1, maxWaiting);
          for (const party of flood) {
            await bench.ask(party, ofClass);
          }
          const before = bench.started.length;
          await bench.ask('honest', ofClass);
          expect(bench.refused.filter((name) => name.startsWith('honest'))).toEqual([]);
          // Its turn comes once the three others have had theirs.
          await bench.endOne();
          await bench.endOne();
          await bench.endOne();
          await bench.endOne();
          expect(bench.started.slice(before).some((name) => name.startsWith('honest'))).toBe(true);
        },
      ),
      { numRuns: 100 },
    );
  });
});
