import { expectPromisesKept, underLoad, useCluster } from './scenario';
import { cutOffRedis, killConnections, pauseRedis, suspendRedis } from './scripts';

describe('while Redis does not answer, every request is answered and no change is lost', () => {
  const cluster = useCluster();

  it.each([
    ['for less than a deadline', 200],
    ['for longer than a deadline', 1_500],
  ])('because its clients are paused %s', async (_how, ms) => {
    expectPromisesKept(await underLoad(cluster(), pauseRedis(ms)), cluster());
  });

  it('because its process is stopped', async () => {
    expectPromisesKept(await underLoad(cluster(), suspendRedis), cluster());
  });

  it('because it ended every connection', async () => {
    expectPromisesKept(await underLoad(cluster(), killConnections), cluster());
  });

  it.each([
    ['connections are cut', 'cut'],
    ['the network hangs', 'hang'],
    ['connections are half-open', 'lose'],
  ] as const)('because %s', async (_how, fault) => {
    expectPromisesKept(await underLoad(cluster(), cutOffRedis(fault)), cluster());
  });

  it.each([
    ['its connections are cut', 'cut'],
    ['its network hangs', 'hang'],
    ['its connections are half-open', 'lose'],
  ] as const)('to one instance alone, because %s', async (_how, fault) => {
    expectPromisesKept(await underLoad(cluster(), cutOffRedis(fault, ['a'])), cluster());
  });
});
