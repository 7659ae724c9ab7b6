import { someOf } from '../../support/long-tests';
import { until } from '../../support/until';
import type { Cluster } from '../cluster';
import { useCluster } from '../scenario';
import { STREAM_BUGS, VERIFIER_BUGS, type VerifierBug } from './bugs';
import { VERIFIER_ENV } from './probe';
import { verifyUnderLoad } from './scenario';

const env = { ...VERIFIER_ENV, NEAR_CACHE: 'on' };

/** Repeated: some bugs show only when a session is ended at the right moment. */
async function expectFound(cluster: Cluster, { breaks, when, make }: VerifierBug): Promise<void> {
  await until(
    `the bug breaks ${breaks}`,
    async () => (await verifyUnderLoad(cluster, when, make && { make })).violations,
    (violations) => violations.some(({ rule }) => rule === breaks),
  );
}

describe('a bug in the verifier is found:', () => {
  const cluster = useCluster({ env });

  it.each(someOf(Object.entries(VERIFIER_BUGS), 1))('%s', (_name, bug) =>
    expectFound(cluster(), bug),
  );
});

describe('a bug in the stream is found:', () => {
  const chosen = someOf(Object.entries(STREAM_BUGS), 1);
  const [[first] = []] = chosen;
  const cluster = useCluster({ env, ...(first !== undefined && { bug: first }) });

  it.each(chosen)('%s', async (name, bug) => {
    await Promise.all(cluster().instances.map((instance) => instance.plant(name)));
    await cluster().settled();
    await expectFound(cluster(), bug);
  });
});
