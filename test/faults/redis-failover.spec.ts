import { expectPromisesKept, underLoad, useCluster } from './scenario';
import { failOverToLaggingReplica } from './scripts';

describe('when a replica takes over, no session comes back and none is lost', () => {
  const cluster = useCluster({ replica: true });

  it('though it missed the last writes', async () => {
    expectPromisesKept(await underLoad(cluster(), failOverToLaggingReplica), cluster());
  });
});
