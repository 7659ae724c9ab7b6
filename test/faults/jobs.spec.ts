import { ApiProcess } from '../support/api-process';
import { PASSWORD, newEmail } from '../support/app';
import { buildOnce } from '../support/build';
import { someOf } from '../support/long-tests';
import { Scrape } from '../support/metrics';
import { countSessions, insertEndedSessions } from '../support/session-rows';
import {
  createTestDatabase,
  startTestRedis,
  type TestDatabase,
  type TestRedis,
} from '../support/stores';
import { until } from '../support/until';

/** An hour of the schedule, and five minutes of it. */
const OFTEN = '*/2 * * * * *';
/** Thirty batches of the clean-up, with a pause after each. */
const MANY = 30_000;

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
      ApiProcess.spawn({ ...stores, LOG_LEVEL: 'debug', JOBS_ENABLED: 'true', ...env }),
    );
    instances = await Promise.all(spawned);
    await Promise.all(instances.map((instance) => instance.untilServing()));
  }

  /** Log lines with a message, of all instances. */
  function logged(msg: string): Record<string, unknown>[] {
    return instances.flatMap((each) => each.loggedAs(msg));
  }

  /** The sum of a metric over all instances that export it. */
  async function measured(name: string, labels: Record<string, string>): Promise<number> {
    const origins = instances.map(({ port }) => `http://127.0.0.1:${port}`);
    const scrapes = await Promise.all(origins.map((origin) => Scrape.of(origin)));
    return scrapes
      .flatMap((scrape) => scrape.find(`latchkey_${name}`, labels))
      .reduce((sum, { value }) => sum + value, 0);
  }

  /** Starts both, and a clean-up that lasts for several ticks. Resolves in the middle of it. */
  async function startLongCleanUp() {
    await start({ CLEAN_UP_CRON: OFTEN, REDIS_CHECK_CRON: 'off' });
    const json = { email: newEmail(), password: PASSWORD };
    const { body } = await instances[0]!.http.post<{ user: { id: string } }>('/api/auth/register', {
      json,
    });
    const userId = body.user.id;
    const left = () => countSessions(database, userId);
    await insertEndedSessions(database, userId, MANY);
    await until('the clean-up deletes sessions', left, (count) => count < MANY);

    // From now on the instance that runs it skips no tick.
    const skipped = (each: ApiProcess) =>
      each.loggedAs('clean-up skipped: another instance runs it').length;
    const before = new Map(instances.map((each) => [each, skipped(each)]));
    const isOther = (each: ApiProcess) => skipped(each) > before.get(each)!;
    const other = await until('an instance skips its tick', () => instances.find(isOther));
    const holder = instances.find((each) => each !== other)!;
    return { holder, other, left };
  }

  it('run them at the times of the settings, log the removals and the duration, and when Redis is away', async () => {
    await start({ CLEAN_UP_CRON: OFTEN, REDIS_CHECK_CRON: OFTEN });
    for (const job of ['clean-up', 'redis-check']) {
      await until(
        `${job} has run three times`,
        () => logged(`${job} done`).length,
        (runs) => runs >= 3,
      );
    }
    expect(logged('clean-up done')[0]).toMatchObject({
      job: 'clean-up',
      durationMs: expect.any(Number) as number,
      deletedSessions: 0,
      removedRedisSessions: 0,
    });
    expect(await measured('job_removed_total', { what: 'sessions' })).toBe(0);
    expect(
      await measured('job_runs_total', { job_name: 'clean-up', outcome: 'succeeded' }),
    ).toBeGreaterThanOrEqual(3);

    await redis.stop();
    await until('redis-check has failed', () => logged('redis-check failed').length);
    await until(
      'two failed runs are counted',
      () => measured('job_runs_total', { job_name: 'redis-check', outcome: 'failed' }),
      (count) => count > 1,
    );
    expect(instances.map(({ isAlive }) => isAlive)).toEqual([true, true]);
  }, 90_000);

  async function expectRepetition(): Promise<void> {
    const { holder, other, left } = await startLongCleanUp();
    holder.signal('SIGKILL');
    await holder.ended;
    const remaining = await left();
    expect(remaining).toBeGreaterThan(1);

    await until('one session is left', left, 1);
    await until(
      'the clean-up is logged with the number of deleted sessions',
      () => other.loggedAs('clean-up done').map(({ deletedSessions }) => deletedSessions),
      (counts) => counts.includes(remaining - 1),
    );
  }

  async function expectAbort(): Promise<void> {
    const { holder, other, left } = await startLongCleanUp();
    holder.signal('SIGTERM');
    expect(await holder.ended).toBe('exit code 0');
    expect(holder.loggedAs('clean-up aborted: shutting down')).toHaveLength(1);
    expect(await left()).toBeGreaterThan(1);
    await until('one session is left', left, 1);
    expect(other.isAlive).toBe(true);
  }

  const ENDS = [
    ['repeat at the next tick a clean-up during which the other was killed', expectRepetition],
    ['abort a clean-up on SIGTERM, and exit with code 0', expectAbort],
  ] as const;

  it.each(someOf(ENDS, 1))('%s', (_what, expectIt) => expectIt(), 90_000);
});
