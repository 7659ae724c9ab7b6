import { expectPromisesKept, underLoad, useCluster } from './scenario';
import { restartFromAppendOnlyFile, restartFromOldCopy } from './scripts';

describe('when Redis restarts from an append-only file, no session comes back and none is lost', () => {
  const cluster = useCluster({ appendOnly: true });

  it('that lacks only the unwritten end', async () => {
    expectPromisesKept(await underLoad(cluster(), restartFromAppendOnlyFile(0)), cluster());
  });

  it('whose end is cut off', async () => {
    expectPromisesKept(await underLoad(cluster(), restartFromAppendOnlyFile(20_000)), cluster());
  });

  it('that is an old copy', async () => {
    expectPromisesKept(await underLoad(cluster(), restartFromOldCopy), cluster());
  });
});
