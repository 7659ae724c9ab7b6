import { HealthTimings } from '../../apps/api/health/health-timings';
import { DatabaseInspector } from '../../libs/database';
import { StatisticsService } from '../../libs/statistics';
import { SyncLeases } from '../../libs/sync';
import { SyncTimings } from '../../libs/sync';
import { startTestApp, type TestApp } from '../support/app';
import { CommandCounter } from '../support/command-counter';
import { readiness } from '../support/health-report';
import { inTurns } from '../support/in-turns';
import { until } from '../support/until';

const DAY_MS = 86_400_000;
const PROBES = 200;

/** The commands of one check, sorted. */
const COSTS = {
  '/health/live': [],
  '/health/ready': ['evalsha', 'get', 'info'],
  '/api/auth/health': ['evalsha'],
};

describe('the cost of probes', () => {
  let app: TestApp;
  let counter: CommandCounter;
  let inspections: jest.SpiedFunction<DatabaseInspector['inspect']>;

  beforeEach(async () => {
    // The synchroniser does not run, so that only probes send commands.
    const sync = {
      ...new SyncTimings(),
      intervalMs: DAY_MS,
      outboxDeadlineMs: DAY_MS,
      leaseMs: DAY_MS,
    };
    app = await startTestApp({ timings: sync });
    inspections = jest.spyOn(app.nest.get(DatabaseInspector), 'inspect');
    counter = await CommandCounter.start(app.redis.url);
    // The text of the script is sent once.
    await app.nest.get(StatisticsService).read();
  });

  afterEach(async () => {
    counter.stop();
    await app.close();
  });

  function cacheFor(ms: number): void {
    app.nest.get(HealthTimings).cacheMs = ms;
  }

  /** Commands of concurrent probes, sorted. */
  async function costOf(path: string, probes: number): Promise<string[]> {
    const commands = await counter.during(async () => {
      const answers = await Promise.all(Array.from({ length: probes }, () => app.http.get(path)));
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    });
    return commands.sort();
  }

  it.each(Object.entries(COSTS))(
    '%s: concurrent probes, and those while the answer is young, cost one check',
    async (path, cost) => {
      cacheFor(DAY_MS);
      expect(await costOf(path, PROBES)).toEqual(cost);
      expect(await costOf(path, PROBES)).toEqual([]);
      expect(inspections).toHaveBeenCalledTimes(path === '/health/ready' ? 1 : 0);
    },
  );

  it('is the same for any number of sessions, without a scan of the keys', async () => {
    cacheFor(0);
    await app.register('one@example.com');
    const { client } = app.redis;
    for (const sessions of [1, 100]) {
      await inTurns(sessions, 10, () => app.login('one@example.com'));
      await client.config('RESETSTAT');
      for (const [path, cost] of Object.entries(COSTS)) {
        expect([path, await costOf(path, 1)]).toEqual([path, cost]);
      }
      expect(await client.info('commandstats')).not.toMatch(/cmdstat_(keys|h?scan|dbsize)\b/);
    }
  });

  it('arises again when the answer is a second old', async () => {
    expect(new HealthTimings().cacheMs).toBe(1000);
    expect((await readiness(app)).redis.evictionPolicy).toBe('noeviction');
    await app.redis.client.config('SET', 'maxmemory-policy', 'allkeys-lru');
    await until(
      'the report shows the new eviction policy',
      async () => (await readiness(app)).redis.evictionPolicy,
      'allkeys-lru',
    );
    await app.register();
    const active = async () => {
      const { body } = await app.http.get<{ sessionStats: { activeSessions: number } }>(
        '/api/auth/health',
      );
      return body.sessionStats.activeSessions;
    };
    await until('the report counts the session', active, 1);
  });

  it('does not apply to figures of the process: they are always current', async () => {
    cacheFor(DAY_MS);
    expect((await readiness(app)).report).toBe('ok');
    app.nest.get(SyncLeases).at(0).revoke();
    const { status, report, redis, warnings } = await readiness(app);
    expect([status, report, redis.inSync]).toEqual([200, 'degraded', false]);
    expect(warnings).toEqual(['stale']);
  });
});
