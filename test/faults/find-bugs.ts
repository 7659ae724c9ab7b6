import { oneOfEach } from '../support/long-tests';
import { until } from '../support/until';
import type { Bug } from './bugs';
import type { ClusterOptions } from './cluster';
import { underLoad, useCluster, type ScenarioOptions } from './scenario';

/** Groups of bugs that need instances of their own: a run tries one group beside the bugs of `BUGS`. */
export const BUG_GROUPS = { nearCache: 0, partitions: 1, profiles: 2, stalls: 3, all: 4 } as const;

/**
 * A test for one bug of each rule, or for each bug with long tests: planted in all instances, it is found by the rule
 * that it breaks. Repeated: some bugs show only when a session is ended at the right moment.
 * @param options of the cluster.
 * @param limits of the checker, for all of the bugs.
 */
export function itFindsEach(
  bugs: Readonly<Record<string, Bug>>,
  options: ClusterOptions = {},
  limits: ScenarioOptions = {},
): void {
  const chosen = oneOfEach(Object.entries(bugs), ([, { breaks }]) => breaks);
  const [first] = chosen.map(([name]) => name);
  const cluster = useCluster({ ...options, ...(first !== undefined && { bug: first }) });

  it.each(chosen)('%s', async (name, { breaks, when, load }) => {
    await Promise.all(cluster().instances.map((instance) => instance.plant(name)));
    await cluster().settled();
    await until(
      `the bug breaks ${breaks}`,
      async () => (await underLoad(cluster(), when, { ...limits, ...load })).violations,
      (violations) => violations.some(({ rule }) => rule === breaks),
    );
  });
}
