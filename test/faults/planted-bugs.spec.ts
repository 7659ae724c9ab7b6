import { BUGS } from './bugs';
import { Cluster } from './cluster';
import { underLoad } from './scenario';

describe('a bug in the instances', () => {
  it.each(Object.entries(BUGS))('%s is found', async (name, { breaks, options, script }) => {
    const cluster = await Cluster.start({ ...options, bug: name });
    try {
      const { violations } = await underLoad(cluster, script);
      expect(violations.map(({ rule }) => rule)).toContain(breaks);
    } finally {
      await cluster.stop();
    }
  });
});
