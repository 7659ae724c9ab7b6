import { hostname } from 'node:os';
import { ApiProcess } from '../support/api-process';
import { PASSWORD, newEmail } from '../support/app';
import { buildOnce } from '../support/build';
import { Scrape } from '../support/metrics';
import { countSessions, insertEndedSessions } from '../support/session-rows';
import {
  createTestDatabase,
  startTestRedis,
  type TestDatabase,
  type TestRedis,
} from '../support/stores';
import { until } from '../support/until';

interface Run {
  job: string;
  tick: Date;
  attempts: number;
  instance: string;
  outcome: string | null;
  details: Record<string, unknown> | null;
}

/** An hour of the cron expression, and five minutes of it. */
const HOURS = '*/2 * * * * *';
const HOUR_MS = 2000;

describe('two instances with the same jobs', () => {
  let database: TestDatabase;
  let redis: TestRedis;
  let instances: ApiProcess[];

  beforeAll(buildOnce, 120_000);

  beforeEach(async () => {
    [database, redis] = await Promise.all([createTestDatabase(), startTestRedis()]);
    instances = [];
  });

  afterEach(async () => {
    await Promise.all(instances.map((instance) => instance.kill()));
    await redis.stop();
    await database.drop();
  });

  async function start(env: Record<string, string>): Promise<void> {
    const stores = { DATABASE_URL: database.url, REDIS_URL: redis.url };
    const spawned = [1, 2].map(() =>
      ApiProcess.spawn({ ...stores, LOG_LEVEL: 'info', JOBS_ENABLED: 'true', ...env }),
    );
    instances = await Promise.all(spawned);
    await Promise.all(instances.map((instance) => instance.untilServing()));
  }

  function runs(job: string): Promise<Run[]> {
    return database.sql.query('SELECT * FROM job_runs WHERE job = $1 ORDER BY tick', [job]);
  }

  function finished(all: Run[]): Run[] {
    return all.filter(({ outcome }) => outcome === 'succeeded');
  }

  /** How often any instance says that a job is done. */
  function timesDone(job: string): number {
    return instances.flatMap((each) => each.logged('info')).filter((msg) => msg === `${job} done`)
      .length;
  }

  /** The sum of a metric over all instances that export it. */
  async function measured(name: string, labels: Record<string, string>): Promise<number> {
    const origins = instances.map(({ port }) => `http://127.0.0.1:${port}`);
    const scrapes = await Promise.all(origins.map((origin) => Scrape.of(origin)));
    return scrapes
      .flatMap((scrape) => scrape.find(`latchkey_${name}`, labels))
      .reduce((sum, { value }) => sum + value, 0);
  }

  it('run each once for each tick, and say so', async () => {
    await start({ CLEAN_UP_CRON: HOURS, REDIS_CHECK_CRON: HOURS });
    await until(async () => finished(await runs('clean-up')).length >= 4);
    await until(async () => {
      const exported = await measured('job_runs_total', {
        job_name: 'clean-up',
        outcome: 'succeeded',
      });
      return exported === finished(await runs('clean-up')).length;
    });
    instances.forEach((each) => each.signal('SIGTERM'));
    await Promise.all(instances.map((each) => each.ended));
    for (const job of ['clean-up', 'redis-check']) {
      const all = finished(await runs(job));
      expect(all.map(({ attempts }) => attempts)).toEqual(all.map(() => 1));
      const firstMs = all[0]!.tick.getTime();
      expect(all.map(({ tick }) => (tick.getTime() - firstMs) / HOUR_MS)).toEqual(
        all.map((_, index) => index),
      );
      expect(timesDone(job)).toBe(all.length);
    }
  }, 60_000);

  it('repair statistics that were made wrong, and report by how much', async () => {
    await start({ CLEAN_UP_CRON: HOURS, REDIS_CHECK_CRON: 'off' });
    await until(async () => finished(await runs('clean-up')).length > 0);
    await redis.client.hincrby('latchkey:statistics', 's', 7);
    const corrections = () => measured('statistics_corrections_total', { kind: 'active_sessions' });
    await until(async () => (await corrections()) > 0);
    expect(await corrections()).toBe(7);
    const found = (await runs('clean-up')).map(({ details }) => details?.drift);
    expect(found).toContainEqual({ activeSessions: 7, cachedProfiles: 0, blacklistedTokens: 0 });
    expect(Number(await redis.client.hget('latchkey:statistics', 's'))).toBe(0);
  }, 60_000);

  it('finish, the one, a clean-up in the middle of which the other was killed', async () => {
    await start({ CLEAN_UP_CRON: 'off', REDIS_CHECK_CRON: 'off' });
    const json = { email: newEmail(), password: PASSWORD };
    const { body } = await instances[0]!.http.post<{ user: { id: string } }>('/api/auth/register', {
      json,
    });
    const userId = body.user.id;
    await Promise.all(instances.map((each) => each.kill()));
    await insertEndedSessions(database, userId, 40_000);

    await start({ CLEAN_UP_CRON: HOURS, REDIS_CHECK_CRON: 'off' });
    await until(async () => (await countSessions(database, userId)) < 39_000);
    const [broken] = await runs('clean-up');
    const victim = instances.find(({ pid }) => broken!.instance === `${hostname()}:${pid}`);
    victim!.signal('SIGKILL');
    await victim!.ended;
    const left = await countSessions(database, userId);
    expect(left).toBeGreaterThan(1);

    await until(async () => (await countSessions(database, userId)) === 1);
    const completion = async () =>
      finished(await runs('clean-up')).find(({ details }) => details?.deletedSessions === left - 1);
    await until(async () => (await completion()) !== undefined);
    const { instance, tick, attempts } = (await completion())!;
    expect(instance).not.toBe(broken!.instance);
    // A later tick, where the other was not there yet when the broken one was due.
    expect(attempts).toBe(tick.getTime() === broken!.tick.getTime() ? 2 : 1);
  }, 90_000);

  it('check Redis, and say when it is away', async () => {
    await start({ CLEAN_UP_CRON: 'off', REDIS_CHECK_CRON: HOURS });
    await until(() => timesDone('redis-check') > 0);
    await redis.stop();
    await until(async () =>
      (await runs('redis-check')).some(({ outcome }) => outcome === 'failed'),
    );
    const failures = () =>
      instances.map((each) => each.logged('error').filter((msg) => msg === 'redis-check failed'));
    await until(() => failures().flat().length > 0);
    expect(
      await measured('job_runs_total', { job_name: 'redis-check', outcome: 'failed' }),
    ).toBeGreaterThan(0);
  }, 60_000);
});
