import { expectToSurvive } from './random-faults';
import { useCluster } from './scenario';

/** `LATCHKEY_LONG_TESTS=1` goes on for minutes, for a nightly run. */
const LONG = process.env.LATCHKEY_LONG_TESTS === '1';
const DURATION_MS = LONG ? 300_000 : 20_000;

describe('random faults, one after another', () => {
  const cluster = useCluster({ ownPostgres: true, replica: true });

  it('break no promise', () => expectToSurvive(cluster(), DURATION_MS), DURATION_MS + 120_000);
});
