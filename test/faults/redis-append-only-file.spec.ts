import { someOf } from '../support/long-tests';
import { expectPromisesKept, underLoad, useCluster } from './scenario';
import { restartFromAppendOnlyFile, restartFromOldCopy, type Script } from './scripts';

describe('when Redis restarts from an append-only file, no session comes back and none is lost', () => {
  const cluster = useCluster({ appendOnly: true });

  const FILES: [string, Script][] = [
    ['that lacks only the unwritten end', restartFromAppendOnlyFile(0)],
    ['whose end is cut off', restartFromAppendOnlyFile(20_000)],
    ['that is an old copy', restartFromOldCopy],
  ];

  it.each(someOf(FILES, 1))('%s', async (_what, script) => {
    expectPromisesKept(await underLoad(cluster(), script), cluster());
  });
});
