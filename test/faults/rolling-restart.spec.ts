import { someOf } from '../support/long-tests';
import type { ClusterOptions } from './cluster';
import { ReadyInstances } from './load/ready-instances';
import { expectPromisesKept, underLoad, useCluster } from './scenario';

const KINDS: [string, ClusterOptions | undefined][] = [
  ['one Redis', undefined],
  ['a Redis Cluster', { shards: true }],
  ['a master with Sentinels', { sentinels: true }],
];

describe.each(someOf(KINDS, 1))(
  'a rolling restart behind a load balancer, with %s',
  (_what, options) => {
    const cluster = useCluster(options);

    it('fails no request', async () => {
      const ready = new ReadyInstances(cluster().instances);
      const exitCodes: (number | null)[] = [];
      const outcome = await underLoad(
        cluster(),
        async ({ load }) => {
          for (const instance of cluster().instances) {
            exitCodes.push(await instance.terminate());
            await instance.start();
            await cluster().settled();
            await load.goesOn(50);
          }
        },
        { targets: () => ready.current },
      );
      await ready.stop();
      expectPromisesKept(outcome, cluster());
      expect(outcome.requests.filter(({ status }) => status === 0 || status >= 500)).toEqual([]);
      expect(exitCodes).toEqual([0, 0]);
      expect(new Set(outcome.requests.map(({ instance }) => instance))).toEqual(
        new Set(['a', 'b']),
      );
    });
  },
);
