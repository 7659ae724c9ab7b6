import { setImmediate as turn } from 'node:timers/promises';
import { Batcher } from './batcher';

/** A load that the test completes. */
function heldLoads() {
  const calls: { keys: number[]; finish: () => void; fail: (error: Error) => void }[] = [];
  const load = (keys: number[]) =>
    new Promise<Map<number, string>>((resolve, reject) => {
      const finish = () =>
        resolve(new Map(keys.filter((key) => key > 0).map((key) => [key, `#${key}`])));
      calls.push({ keys, finish, fail: reject });
    });
  return { calls, load };
}

describe('a batcher', () => {
  const limits = { maxBatch: 3, maxRunning: 1, maxWaiting: 4 };
  const refusal = () => new Error('full');

  it('loads the keys of one turn together, each once', async () => {
    const { calls, load } = heldLoads();
    const batcher = new Batcher(load, limits, refusal);
    const answers = Promise.all([1, 2, 1].map((key) => batcher.get(key)));
    await turn();
    expect(calls.map(({ keys }) => keys)).toEqual([[1, 2]]);
    calls[0]!.finish();
    expect(await answers).toEqual(['#1', '#2', '#1']);
  });

  it('never lets a key join a load that has begun', async () => {
    const { calls, load } = heldLoads();
    const batcher = new Batcher(load, limits, refusal);
    const first = batcher.get(1);
    await turn();
    const second = batcher.get(1);
    await turn();
    expect(calls).toHaveLength(1);
    calls[0]!.finish();
    await first;
    await turn();
    expect(calls.map(({ keys }) => keys)).toEqual([[1], [1]]);
    calls[1]!.finish();
    expect(await second).toBe('#1');
  });

  it('bounds the number and the size of concurrent loads', async () => {
    const { calls, load } = heldLoads();
    const batcher = new Batcher(load, { ...limits, maxRunning: 2, maxWaiting: 100 }, refusal);
    const answers = Promise.all(Array.from({ length: 8 }, (_, index) => batcher.get(index + 1)));
    await turn();
    await turn();
    expect(calls.map(({ keys }) => keys.length)).toEqual([3, 3]);
    calls.forEach(({ finish }) => finish());
    await turn();
    await turn();
    expect(calls.map(({ keys }) => keys.length)).toEqual([3, 3, 2]);
    calls[2]!.finish();
    expect(await answers).toHaveLength(8);
  });

  it('answers a key that was not found with undefined', async () => {
    const { calls, load } = heldLoads();
    const answer = new Batcher(load, limits, refusal).get(-1);
    await turn();
    calls[0]!.finish();
    expect(await answer).toBeUndefined();
  });

  it('rejects every key of a failed load, and continues with the next load', async () => {
    const { calls, load } = heldLoads();
    const batcher = new Batcher(load, limits, refusal);
    const failing = [batcher.get(1), batcher.get(2)];
    await turn();
    const next = batcher.get(3);
    calls[0]!.fail(new Error('gone'));
    for (const answer of failing) {
      await expect(answer).rejects.toThrow('gone');
    }
    await turn();
    calls[1]!.finish();
    expect(await next).toBe('#3');
  });

  it('refuses a key for which there is no room to wait', async () => {
    const { load } = heldLoads();
    const batcher = new Batcher(load, limits, refusal);
    const waiting = [1, 2, 3, 4].map((key) => batcher.get(key));
    await expect(batcher.get(5)).rejects.toThrow('full');
    expect(waiting).toHaveLength(4);
  });
});
