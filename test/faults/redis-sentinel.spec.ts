import { expectPromisesKept, underLoad, useCluster } from './scenario';
import { nothingHappens, type Script } from './scripts';
import {
  failOverSentinelByHand,
  flushSentinelMaster,
  killSentinelMaster,
  suspendSentinelMaster,
} from './sentinel-scripts';

describe('with Sentinels no session comes back and none is lost', () => {
  const cluster = useCluster({ sentinels: true });

  it.each<[string, Script]>([
    ['without a fault', nothingHappens],
    ['at a FLUSHALL of the master', flushSentinelMaster],
    ['at a kill -9 of the master', killSentinelMaster],
    ['when the master is stopped and continued', suspendSentinelMaster],
    ['when an operator swaps the master and a replica', failOverSentinelByHand],
  ])('%s', async (_what, script) => {
    expectPromisesKept(await underLoad(cluster(), script), cluster());
  });
});
