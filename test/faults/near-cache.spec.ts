import { isTurnOf, lasting, someOf } from '../support/long-tests';
import { Scrape } from '../support/metrics';
import { MANY_READS, NEAR_CACHE_BUGS } from './bugs';
import { BUG_GROUPS, itFindsEach } from './find-bugs';
import { expectToSurvive } from './random-faults';
import { expectPromisesKept, underLoad, useCluster } from './scenario';
import {
  failOverToLaggingReplica,
  leaveToRedis,
  nothingHappensForLong,
  suspendRedis,
  type Script,
} from './scripts';

/** Milliseconds in which an instance may use the state before a change of another one (docs/consistency.md). */
const LIMITS = { ...MANY_READS, staleMs: 1_000 };
const env = { NEAR_CACHE: 'on' };
const RANDOM_MS = lasting(3_000, 300_000);

describe('with the near cache on, the rules are kept within its bound', () => {
  const cluster = useCluster({ ownPostgres: true, replica: true, env });

  async function hits(): Promise<number> {
    const scrapes = cluster().instances.map(({ origin }) => Scrape.of(origin));
    const counts = (await Promise.all(scrapes)).map((scrape) =>
      scrape.sum('latchkey_near_cache_reads_total', { result: 'hit' }),
    );
    return Math.min(...counts);
  }

  const SCRIPTS: [string, Script][] = [
    ['no fault occurs', nothingHappensForLong],
    ['the process of Redis is stopped', suspendRedis],
    ['Redis fails over to a replica that lacks the last writes', failOverToLaggingReplica],
    ['one instance cannot read the outbox', leaveToRedis('b')],
  ];

  it.each(someOf(SCRIPTS, 1))('when %s', async (_what, script) => {
    const before = await hits();
    expectPromisesKept(await underLoad(cluster(), script, LIMITS), cluster());
    expect(await hits()).toBeGreaterThan(before);
  });

  it(
    'one fault after another occurs',
    () => expectToSurvive(cluster(), RANDOM_MS, LIMITS),
    RANDOM_MS + 120_000,
  );
});

if (isTurnOf(BUG_GROUPS.nearCache, BUG_GROUPS.all)) {
  describe('a bug in the near cache is found:', () => {
    itFindsEach(NEAR_CACHE_BUGS, { env }, LIMITS);
  });
}
