import { expectPromisesKept, underLoad, useCluster } from './scenario';

describe('without a fault', () => {
  const cluster = useCluster();

  it('two instances under load break no rule', async () => {
    const outcome = await underLoad(cluster(), ({ load }) => load.goesOn(600));
    expectPromisesKept(outcome, cluster());
    expect(outcome.requests.filter(({ status }) => status === 503 || status === 0)).toEqual([]);
  });
});
