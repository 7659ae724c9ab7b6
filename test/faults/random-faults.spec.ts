import { lasting, someOf } from '../support/long-tests';
import { expectToSurvive, FAULTS, SENTINEL_FAULTS, SHARD_FAULTS } from './random-faults';
import { useCluster } from './scenario';

const DURATION_MS = lasting(6_000, 300_000);

/** Users of many partitions. */
const MANY_USERS = { accounts: 12 };

const KINDS = [
  ['one Redis with a replica', { replica: true }, FAULTS, {}],
  ['a Redis Cluster', { shards: true }, SHARD_FAULTS, MANY_USERS],
  ['a master with Sentinels', { sentinels: true }, SENTINEL_FAULTS, {}],
] as const;

describe.each(someOf(KINDS, 1))(
  'random faults of %s, one after another',
  (_what, kind, faults, load) => {
    const cluster = useCluster({ ownPostgres: true, ...kind });

    it(
      'break no rule',
      () => expectToSurvive(cluster(), DURATION_MS, load, faults),
      DURATION_MS + 120_000,
    );
  },
);
