import { someOf } from '../support/long-tests';
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

  const SCRIPTS: [string, Script][] = [
    ['without a fault', nothingHappens],
    ['at a FLUSHALL of the master', flushSentinelMaster],
    ['when the master is stopped and continued', suspendSentinelMaster],
    ['when an operator swaps the master and a replica', failOverSentinelByHand],
  ];

  it.each([['at a kill -9 of the master', killSentinelMaster], ...someOf(SCRIPTS, 1)] as const)(
    '%s',
    async (_what, script) => {
      expectPromisesKept(await underLoad(cluster(), script), cluster());
    },
  );
});
