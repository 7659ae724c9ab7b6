import { expectPromisesKept, underLoad, useCluster } from './scenario';
import { evict, flushAll, restartEmpty, restartFromOldCopy } from './scripts';

describe('when Redis loses data, no session comes back and none is lost', () => {
  const cluster = useCluster();

  it('at a FLUSHALL without a disconnect', async () => {
    expectPromisesKept(await underLoad(cluster(), flushAll), cluster());
  });

  it.each([
    ['sessions', 'session:*'],
    ['indexes', 'user:tokens:*'],
    ['tombstones', 'blacklist:*'],
    ['profiles', 'user:profile:*'],
    ['the checkpoint', 'latchkey:checkpoint'],
    ['the counters', 'latchkey:statistics'],
  ])('at an eviction of %s', async (_what, pattern) => {
    expectPromisesKept(await underLoad(cluster(), evict(pattern)), cluster());
  });

  it('at a restart with nothing', async () => {
    expectPromisesKept(await underLoad(cluster(), restartEmpty), cluster());
  });

  it('at a restart from an old RDB file', async () => {
    expectPromisesKept(await underLoad(cluster(), restartFromOldCopy), cluster());
  });
});
