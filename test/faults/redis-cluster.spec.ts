import { isTurnOf, someOf } from '../support/long-tests';
import { PARTITION_BUGS } from './bugs';
import { BUG_GROUPS, itFindsEach } from './find-bugs';
import { expectPromisesKept, underLoad, useCluster } from './scenario';
import { nothingHappens, type Script } from './scripts';
import {
  failOverByHand,
  failOverToLaggingShard,
  flushShard,
  growAndShrink,
  isolateMaster,
  killMaster,
  reshard,
  restartShardFromOldCopy,
  restartShardFromOldCopyWhilePostgresIsAway,
  suspendMaster,
} from './shard-scripts';

describe('on a Redis Cluster no session comes back and none is lost', () => {
  const cluster = useCluster({ shards: true });
  /** Users of many partitions. */
  const load = { accounts: 12 };

  const SCRIPTS: [string, Script][] = [
    ['without a fault', nothingHappens],
    ['at a FLUSHALL of one master', flushShard],
    ['when a replica takes over that missed the last writes', failOverToLaggingShard],
    ['when a master is stopped and continued', suspendMaster],
    ['when a master is cut off from the other nodes', isolateMaster],
    ['when an operator swaps a master and its replica', failOverByHand],
    ['when a master restarts with an old copy', restartShardFromOldCopy],
    [
      'when a master restarts with an old copy while Postgres is away',
      restartShardFromOldCopyWhilePostgresIsAway,
    ],
    ['while slots move', reshard],
    ['when a master joins, gets slots, gives them back and leaves', growAndShrink],
  ];

  it.each([['at a kill -9 of a master', killMaster], ...someOf(SCRIPTS, 2)] as const)(
    '%s',
    async (_what, script) => {
      expectPromisesKept(await underLoad(cluster(), script, load), cluster());
    },
  );
});

if (isTurnOf(BUG_GROUPS.partitions, BUG_GROUPS.all)) {
  describe('a bug in the partitions is found:', () => {
    itFindsEach(PARTITION_BUGS, { shards: true });
  });
}
