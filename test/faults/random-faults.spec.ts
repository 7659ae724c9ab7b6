import { lasting } from '../support/long-tests';
import { expectToSurvive } from './random-faults';
import { useCluster } from './scenario';

const DURATION_MS = lasting(10_000, 300_000);

describe('random faults, one after another', () => {
  const cluster = useCluster({ ownPostgres: true, replica: true });

  it('break no rule', () => expectToSurvive(cluster(), DURATION_MS), DURATION_MS + 120_000);
});
