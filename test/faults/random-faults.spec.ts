import { lasting } from '../support/long-tests';
import { expectToSurvive, SHARD_FAULTS } from './random-faults';
import { useCluster } from './scenario';

const DURATION_MS = lasting(10_000, 300_000);

describe('random faults, one after another', () => {
  const cluster = useCluster({ ownPostgres: true, replica: true });

  it('break no rule', () => expectToSurvive(cluster(), DURATION_MS), DURATION_MS + 120_000);
});

describe('random faults of a Redis Cluster, one after another', () => {
  const cluster = useCluster({ ownPostgres: true, shards: true });
  /** Users of many partitions. */
  const load = { accounts: 12 };

  it(
    'break no rule',
    () => expectToSurvive(cluster(), DURATION_MS, load, SHARD_FAULTS),
    DURATION_MS + 120_000,
  );
});
