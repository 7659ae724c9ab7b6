import { expectPromisesKept, underLoad, useCluster } from './scenario';
import { restartFromAppendOnlyFile, restartFromOldCopy } from './scripts';

describe('when Redis comes back from an append-only file, no session does and none is lost', () => {
  const cluster = useCluster({ appendOnly: true });

  it('that is complete but for what was not yet written', async () => {
    expectPromisesKept(await underLoad(cluster(), restartFromAppendOnlyFile(0)), cluster());
  });

  it('whose end is missing', async () => {
    expectPromisesKept(await underLoad(cluster(), restartFromAppendOnlyFile(20_000)), cluster());
  });

  it('that is an old copy', async () => {
    expectPromisesKept(await underLoad(cluster(), restartFromOldCopy), cluster());
  });
});
