import { expectPromisesKept, underLoad, useCluster } from './scenario';

describe('with nothing wrong', () => {
  const cluster = useCluster();

  it('two instances under load keep every promise', async () => {
    const outcome = await underLoad(cluster(), ({ load }) => load.goesOn(600));
    expectPromisesKept(outcome, cluster());
    expect(outcome.requests.filter(({ status }) => status === 503 || status === 0)).toEqual([]);
  });
});
