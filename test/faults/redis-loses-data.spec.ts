import { someOf } from '../support/long-tests';
import { expectPromisesKept, underLoad, useCluster } from './scenario';
import { evict, flushAll, restartEmpty, restartFromOldCopy, type Script } from './scripts';

describe('when Redis loses data, no session comes back and none is lost', () => {
  const cluster = useCluster();

  it('at a FLUSHALL without a disconnect', async () => {
    expectPromisesKept(await underLoad(cluster(), flushAll), cluster());
  });

  const EVICTIONS = [
    ['sessions', 'session:*'],
    ['indexes', 'user:tokens:*'],
    ['tombstones', 'blacklist:*'],
    ['profiles', 'user:profile:*'],
    ['the checkpoint', 'latchkey:checkpoint'],
    ['the counters', 'latchkey:statistics'],
  ] as const;

  it.each(someOf(EVICTIONS, 2))('at an eviction of %s', async (_what, pattern) => {
    expectPromisesKept(await underLoad(cluster(), evict(pattern)), cluster());
  });

  const RESTARTS: [string, Script][] = [
    ['with nothing', restartEmpty],
    ['from an old RDB file', restartFromOldCopy],
  ];

  it.each(someOf(RESTARTS, 1))('at a restart %s', async (_what, script) => {
    expectPromisesKept(await underLoad(cluster(), script), cluster());
  });
});
