import { until } from '../support/until';
import { BUGS } from './bugs';
import { underLoad, useCluster } from './scenario';

const NAMES = Object.keys(BUGS);

/** Repeated: some bugs show only when a session is ended at the right moment. */
describe('a bug in the instances is found:', () => {
  const cluster = useCluster({ bug: NAMES[0]! });

  it.each(NAMES)('%s', async (name) => {
    const { breaks, when, load } = BUGS[name]!;
    await Promise.all(cluster().instances.map((instance) => instance.plant(name)));
    await cluster().settled();
    await until(
      `the bug breaks ${breaks}`,
      async () => (await underLoad(cluster(), when, load)).violations,
      (violations) => violations.some(({ rule }) => rule === breaks),
    );
  });
});
