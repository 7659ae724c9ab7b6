import {
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import { Cron, SchedulerRegistry, type CronOptions } from '@nestjs/schedule';
import { CronTime } from 'cron';
import { DependencyUnavailableError, InternalError } from '#libs/common';
import { DEFAULT_SCHEDULES, Settings } from '#libs/config';
import { Database } from '#libs/database';
import { serializeError } from '#libs/log';
import { CLEAN_UP, CleanUp, REDIS_CHECK, RedisCheck } from '#libs/maintenance';
import { Metrics } from '#libs/metrics';

const TIME_ZONE = 'UTC';

/** `disabled`: `onApplicationBootstrap` starts the jobs, after it has applied the settings. */
const OPTIONS = {
  timeZone: TIME_ZONE,
  waitForCompletion: true,
  disabled: true,
} as const satisfies CronOptions;

/**
 * The scheduled jobs. One instance at a time runs a job: it holds an advisory lock in Postgres, and an instance that
 * finds the lock taken skips its tick. An instance with a slow clock may find the lock free again and run the job a
 * second time, which is harmless: every job is idempotent. Therefore no run is recorded: the next tick makes up for a
 * tick that failed or was lost with its instance.
 */
@Injectable()
export class ScheduledJobs implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('Jobs');
  private readonly shutdown = new AbortController();

  constructor(
    private readonly cleanUp: CleanUp,
    private readonly redisCheck: RedisCheck,
    private readonly database: Database,
    private readonly registry: SchedulerRegistry,
    private readonly settings: Settings,
    private readonly metrics: Metrics,
  ) {}

  @Cron(DEFAULT_SCHEDULES.cleanUp, { ...OPTIONS, name: CLEAN_UP })
  async runCleanUp(): Promise<void> {
    await this.run(CLEAN_UP, () =>
      this.exclusively(CLEAN_UP, (signal) => this.cleanUp.run(signal)),
    );
  }

  /** While Postgres is down, every instance checks Redis. */
  @Cron(DEFAULT_SCHEDULES.redisCheck, { ...OPTIONS, name: REDIS_CHECK })
  async runRedisCheck(): Promise<void> {
    const check = () => this.redisCheck.run();
    await this.run(REDIS_CHECK, () =>
      this.exclusively(REDIS_CHECK, check).catch((error: unknown) => {
        if (error instanceof DependencyUnavailableError && error.dependency === 'postgres') {
          return check();
        }
        throw error;
      }),
    );
  }

  onApplicationBootstrap(): void {
    if (this.settings.jobsEnabled) {
      this.start(CLEAN_UP, this.settings.cleanUpCron);
      this.start(REDIS_CHECK, this.settings.redisCheckCron);
    }
  }

  /**
   * Aborts the jobs in progress and waits for their end: at most one batch of the clean-up, whose calls to the stores
   * all have deadlines. SHUTDOWN_TIMEOUT bounds the wait in any case.
   */
  async onModuleDestroy(): Promise<void> {
    this.shutdown.abort(new InternalError('shutting down'));
    const jobs = [...this.registry.getCronJobs().values()];
    await Promise.all(jobs.map(async (job) => job.stop()));
  }

  /** @param schedule cron expression that replaces the one of `@Cron`; null: the job is off. */
  private start(name: string, schedule: string | null): void {
    if (schedule === null) {
      return;
    }
    const job = this.registry.getCronJob(name);
    job.setTime(new CronTime(schedule, TIME_ZONE));
    this.metrics.jobs.expect(name);
    job.start();
  }

  /** Logs and counts the outcome. Never throws. */
  private async run(job: string, work: () => Promise<object | null>): Promise<void> {
    const beganMs = performance.now();
    const elapsedMs = () => Math.round(performance.now() - beganMs);
    try {
      const result = await work();
      if (result === null) {
        this.logger.debug({ job }, `${job} skipped: another instance runs it`);
        return;
      }
      const durationMs = elapsedMs();
      this.metrics.jobs.ran(job, 'succeeded', durationMs);
      this.logger.log({ job, durationMs, ...result }, `${job} done`);
    } catch (error) {
      if (this.shutdown.signal.aborted) {
        this.logger.log({ job }, `${job} aborted: shutting down`);
        return;
      }
      this.metrics.jobs.ran(job, 'failed', elapsedMs());
      this.logger.error({ job, err: serializeError(error) }, `${job} failed`);
    }
  }

  /**
   * @param work gets a signal that fires at shutdown and when the lock may be lost.
   * @returns null, without running `work`, if another instance holds the lock of the job.
   * @throws DependencyUnavailableError while Postgres is unavailable, and what `work` throws.
   */
  private async exclusively<T extends object>(
    job: string,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T | null> {
    const held = await this.database.exclusively(job, (lockLost) =>
      work(AbortSignal.any([this.shutdown.signal, lockLost])),
    );
    return held?.result ?? null;
  }
}
