import { someOf } from '../support/long-tests';
import { expectPromisesKept, underLoad, useCluster } from './scenario';
import {
  cutOffPostgres,
  loseRedisWhilePostgresIsAway,
  restartFromOldCopyWhilePostgresIsAway,
  restartPostgres,
  type Script,
} from './scripts';

describe('while Postgres is away, Redis answers, and ended sessions stay ended', () => {
  const cluster = useCluster({ ownPostgres: true });

  const AWAY: [string, Script][] = [
    ['it is shut down and started', restartPostgres('shutDown')],
    ['it crashes and recovers', restartPostgres('crash')],
    ['connections are cut', cutOffPostgres('cut')],
    ['the network hangs', cutOffPostgres('hang')],
    ['one instance alone is cut off', cutOffPostgres('cut', ['a'])],
    ['the network of one instance alone hangs', cutOffPostgres('hang', ['a'])],
  ];
  const WITH_REDIS: [string, Script][] = [
    ['Redis comes back from an old copy', restartFromOldCopyWhilePostgresIsAway],
    ['Redis is lost as well', loseRedisWhilePostgresIsAway],
  ];

  it.each([...someOf(AWAY, 2), ...someOf(WITH_REDIS, 1)])('while %s', async (_how, script) => {
    expectPromisesKept(await underLoad(cluster(), script), cluster());
  });
});
