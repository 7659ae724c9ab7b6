import { BUGS } from './bugs';
import { underLoad, useCluster } from './scenario';

const NAMES = Object.keys(BUGS);

describe('a bug in the instances is found:', () => {
  const cluster = useCluster({ bug: NAMES[0]! });

  it.each(NAMES)('%s', async (name) => {
    const { breaks, when, load } = BUGS[name]!;
    await Promise.all(cluster().instances.map((instance) => instance.plant(name)));
    await cluster().settled();
    const { violations } = await underLoad(cluster(), when, load);
    expect(violations.map(({ rule }) => rule)).toContain(breaks);
  });
});
