import { setImmediate as nextTick } from 'node:timers/promises';
import { inParallel } from '../../bench/harness/parallel.mjs';

describe('work in parallel', () => {
  it('runs with the given concurrency, and returns results in order', async () => {
    let running = 0;
    let most = 0;
    const results = await inParallel([3, 1, 2, 0], 2, async (turns) => {
      most = Math.max(most, ++running);
      for (let turn = 0; turn < turns; turn++) {
        await nextTick();
      }
      running--;
      return turns * 10;
    });
    expect(results).toEqual([30, 10, 20, 0]);
    expect(most).toBe(2);
  });

  it('rejects after all running work has ended, and starts none after a failure', async () => {
    const ended: string[] = [];
    const failing = inParallel(['bad', 'slow', 'never'], 2, async (item) => {
      if (item === 'bad') {
        throw new Error('bad');
      }
      await nextTick();
      await nextTick();
      ended.push(item);
    });
    await expect(failing).rejects.toThrow('bad');
    expect(ended).toEqual(['slow']);
  });
});
