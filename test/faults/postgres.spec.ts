import { expectPromisesKept, underLoad, useCluster } from './scenario';
import {
  cutOffPostgres,
  loseRedisWhilePostgresIsAway,
  restartFromOldCopyWhilePostgresIsAway,
  restartPostgres,
} from './scripts';

describe('while Postgres is away, Redis answers, and ended sessions stay ended', () => {
  const cluster = useCluster({ ownPostgres: true });

  it.each([
    ['it is shut down and started', 'shutDown'],
    ['it crashes and recovers', 'crash'],
  ] as const)('while %s', async (_how, fault) => {
    expectPromisesKept(await underLoad(cluster(), restartPostgres(fault)), cluster());
  });

  it.each([
    ['connections are cut', 'cut', undefined],
    ['the network hangs', 'hang', undefined],
    ['one instance alone is cut off', 'cut', ['a']],
    ['the network of one instance alone hangs', 'hang', ['a']],
  ] as const)('while %s', async (_how, fault, names) => {
    const script = cutOffPostgres(fault, names && [...names]);
    expectPromisesKept(await underLoad(cluster(), script), cluster());
  });

  it('while Redis comes back from an old copy', async () => {
    const script = restartFromOldCopyWhilePostgresIsAway;
    expectPromisesKept(await underLoad(cluster(), script), cluster());
  });

  it('while Redis is lost as well', async () => {
    expectPromisesKept(await underLoad(cluster(), loseRedisWhilePostgresIsAway), cluster());
  });
});
