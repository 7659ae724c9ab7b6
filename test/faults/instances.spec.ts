import { someOf } from '../support/long-tests';
import { expectPromisesKept, underLoad, useCluster } from './scenario';
import { killInstance, stepClock } from './scripts';

const HOUR_MS = 3_600_000;

describe('when one instance fails, no session comes back and none is lost', () => {
  const cluster = useCluster();

  it('because its process is killed and started again', async () => {
    expectPromisesKept(await underLoad(cluster(), killInstance), cluster());
  });

  const JUMPS: [string, number][] = [
    ['an hour ahead', HOUR_MS],
    ['an hour back', -HOUR_MS],
  ];

  it.each(someOf(JUMPS, 1))('because its clock jumps %s and later back', async (_how, ms) => {
    expectPromisesKept(await underLoad(cluster(), stepClock('a', ms)), cluster());
  });
});
