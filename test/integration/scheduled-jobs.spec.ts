import { Test, type TestingModule } from '@nestjs/testing';
import { ScheduleModule, SchedulerRegistry } from '@nestjs/schedule';
import { DataSource } from 'typeorm';
import { ScheduledJobs } from '../../apps/api/jobs/scheduled-jobs';
import { CLEAN_UP, CleanUp, REDIS_CHECK, RedisCheck } from '../../libs/maintenance';
import { DependencyUnavailableError, InternalError } from '../../libs/common';
import { Settings } from '../../libs/config';
import { Database } from '../../libs/database';
import { dataSourceOptions } from '../../libs/database/data-source-options';
import { Metrics } from '../../libs/metrics';
import { Scrape } from '../support/metrics';
import { someOf } from '../support/long-tests';
import { startPgBouncer, type TestPgBouncer } from '../support/pgbouncer';
import { createTestDatabase, type TestDatabase } from '../support/stores';
import { until } from '../support/until';

/** Work that the test ends. Each run of it gets the signal of its job. */
class HeldWork {
  readonly signals: AbortSignal[] = [];
  private readonly ends: { succeed: () => void; fail: (error: Error) => void }[] = [];

  readonly run = (signal: AbortSignal): Promise<object> => {
    this.signals.push(signal);
    return new Promise((resolve, reject) => {
      this.ends.push({ succeed: () => resolve({}), fail: reject });
    });
  };

  get began(): number {
    return this.signals.length;
  }

  /** Ends the run that began last. */
  end(error?: Error): void {
    const { succeed, fail } = this.ends.at(-1)!;
    if (error) {
      fail(error);
    } else {
      succeed();
    }
  }
}

/** One instance of the program, as far as its jobs go. */
interface Instance {
  module: TestingModule;
  cleanUp: HeldWork;
  redisCheck: jest.Mock<Promise<object>>;
  /** One tick of the schedule. Resolves when the job has ended or was skipped. */
  tick(job: string): Promise<void>;
  /** Runs of a job by outcome. */
  counted(job: string): Promise<{ succeeded: number; failed: number }>;
}

const POOLERS = [
  ['behind a pool of sessions', 'session'],
  ['behind a pool of transactions', 'transaction'],
] as const;

describe.each([['on Postgres itself', undefined], ...someOf(POOLERS, 1)] as const)(
  'scheduled jobs, %s,',
  (_way, mode) => {
    let pooler: TestPgBouncer | undefined;
    let database: TestDatabase;
    let instances: Instance[];
    let one: Instance;
    let other: Instance;

    beforeAll(async () => {
      pooler = mode && (await startPgBouncer(mode));
    }, 10 * 60_000);

    afterAll(() => pooler?.stop());

    beforeEach(async () => {
      database = await createTestDatabase();
      instances = [];
      one = await start();
      other = await start();
    });

    afterEach(async () => {
      await Promise.all(instances.map(({ module }) => module.close()));
      await database.drop();
    });

    async function start(url = pooler?.urlOf(database.url) ?? database.url): Promise<Instance> {
      const source = new DataSource(dataSourceOptions({ url }));
      const metrics = new Metrics();
      const cleanUp = new HeldWork();
      const redisCheck = jest.fn(() => Promise.resolve<object>({ latencyMs: 1 }));
      const testing = await Test.createTestingModule({
        imports: [ScheduleModule.forRoot()],
        providers: [
          ScheduledJobs,
          { provide: CleanUp, useValue: cleanUp },
          { provide: RedisCheck, useValue: { run: redisCheck } },
          { provide: Database, useValue: new Database(source, metrics) },
          { provide: Settings, useValue: { jobsEnabled: false } },
          { provide: Metrics, useValue: metrics },
        ],
      }).compile();
      testing.useLogger(false);
      const module = await testing.init();
      const registry = module.get(SchedulerRegistry);
      const instance = {
        module,
        cleanUp,
        redisCheck,
        tick: (job: string) => Promise.resolve(registry.getCronJob(job).fireOnTick()),
        async counted(job: string) {
          const scrape = new Scrape(await metrics.text());
          const [succeeded = 0, failed = 0] = ['succeeded', 'failed'].map(
            (outcome) =>
              scrape.find('latchkey_job_runs_total', { job_name: job, outcome })[0]?.value ?? 0,
          );
          return { succeeded, failed };
        },
      };
      instances.push(instance);
      return instance;
    }

    it('run on one instance at a time: the other one skips its tick', async () => {
      const running = one.tick(CLEAN_UP);
      await until('the clean-up begins', () => one.cleanUp.began, 1);
      await other.tick(CLEAN_UP);
      expect(other.cleanUp.began).toBe(0);
      expect(await other.counted(CLEAN_UP)).toEqual({ succeeded: 0, failed: 0 });

      await other.tick(REDIS_CHECK);
      expect(await other.counted(REDIS_CHECK)).toEqual({ succeeded: 1, failed: 0 });

      one.cleanUp.end();
      await running;
      expect(await one.counted(CLEAN_UP)).toEqual({ succeeded: 1, failed: 0 });

      const next = other.tick(CLEAN_UP);
      await until('the clean-up begins on the other instance', () => other.cleanUp.began, 1);
      other.cleanUp.end();
      await next;
      expect(await other.counted(CLEAN_UP)).toEqual({ succeeded: 1, failed: 0 });
    });

    it('of instances that begin at once, one runs and the others skip', async () => {
      const all = [one, other, await start(), await start()];
      const ticks = all.map((each) => ({ each, ended: each.tick(CLEAN_UP) }));
      const runners = () => all.filter(({ cleanUp }) => cleanUp.began > 0);
      await until('an instance runs the clean-up', () => runners().length);
      const [runner] = runners();
      const skipping = ticks.filter(({ each }) => each !== runner);
      await Promise.all(skipping.map(({ ended }) => ended));
      expect(runners()).toHaveLength(1);
      runner!.cleanUp.end();
      await Promise.all(ticks.map(({ ended }) => ended));
    });

    it('do not overlap themselves: an instance skips the tick during its own run', async () => {
      const running = one.tick(CLEAN_UP);
      await until('the clean-up begins', () => one.cleanUp.began, 1);
      await one.tick(CLEAN_UP);
      expect(one.cleanUp.began).toBe(1);
      one.cleanUp.end();
      await running;
    });

    it('that fail are counted, and run at the next tick', async () => {
      const failing = one.tick(CLEAN_UP);
      await until('the clean-up begins', () => one.cleanUp.began, 1);
      one.cleanUp.end(new InternalError('no broom'));
      await failing;
      expect(await one.counted(CLEAN_UP)).toEqual({ succeeded: 0, failed: 1 });

      const next = one.tick(CLEAN_UP);
      await until('the clean-up begins again', () => one.cleanUp.began, 2);
      one.cleanUp.end();
      await next;
      expect(await one.counted(CLEAN_UP)).toEqual({ succeeded: 1, failed: 1 });
    });

    it('lose the lock with the connection that holds it: the work is aborted, and another instance runs it', async () => {
      const running = one.tick(CLEAN_UP);
      await until('the clean-up begins', () => one.cleanUp.began, 1);
      await database.sql.query(
        `SELECT pg_terminate_backend(pid) FROM pg_locks
         WHERE locktype = 'advisory'
           AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
      );
      await until('the clean-up is aborted', () => one.cleanUp.signals[0]!.aborted);
      expect(one.cleanUp.signals[0]!.reason).toBeInstanceOf(DependencyUnavailableError);

      const taken = other.tick(CLEAN_UP);
      await until('the clean-up begins on the other instance', () => other.cleanUp.began, 1);
      other.cleanUp.end();
      await taken;
      expect(await other.counted(CLEAN_UP)).toEqual({ succeeded: 1, failed: 0 });

      one.cleanUp.end();
      await running;
      expect(await one.counted(CLEAN_UP)).toEqual({ succeeded: 0, failed: 1 });
    });

    it('are aborted at shutdown, which waits for their end', async () => {
      const running = one.tick(CLEAN_UP);
      await until('the clean-up begins', () => one.cleanUp.began, 1);
      let isClosed = false;
      const closing = one.module.close().then(() => (isClosed = true));
      await until('the clean-up is aborted', () => one.cleanUp.signals[0]!.aborted);
      expect(isClosed).toBe(false);
      one.cleanUp.end(one.cleanUp.signals[0]!.reason as Error);
      await Promise.all([running, closing]);
      expect(await one.counted(CLEAN_UP)).toEqual({ succeeded: 0, failed: 0 });

      const taken = other.tick(CLEAN_UP);
      await until('the clean-up begins on the other instance', () => other.cleanUp.began, 1);
      other.cleanUp.end();
      await taken;
    });

    it('without Postgres run the check of Redis, and count other jobs as failed', async () => {
      const gone = new URL(database.url);
      gone.port = '1';
      const alone = await start(gone.href);
      await alone.tick(REDIS_CHECK);
      expect(await alone.counted(REDIS_CHECK)).toEqual({ succeeded: 1, failed: 0 });
      alone.redisCheck.mockRejectedValueOnce(new DependencyUnavailableError('redis'));
      await alone.tick(REDIS_CHECK);
      expect(await alone.counted(REDIS_CHECK)).toEqual({ succeeded: 1, failed: 1 });
      await alone.tick(CLEAN_UP);
      expect(await alone.counted(CLEAN_UP)).toEqual({ succeeded: 0, failed: 1 });
    });
  },
);
