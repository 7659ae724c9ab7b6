import { setTimeout as pause } from 'node:timers/promises';
import {
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import { CronJob } from 'cron';
import { DependencyUnavailableError, InternalError } from '#libs/common';
import { Settings } from '#libs/config';
import { JobRunner, type JobRun } from '#libs/jobs';
import { serializeError } from '#libs/log';
import { Metrics } from '#libs/metrics';
import { lastTick } from './last-tick';
import { ScheduledJobs, type ScheduledJob } from './scheduled-jobs';

/** How often an instance asks again whether there is anything left to do, while another is at it. */
const TAKE_OVER_POLL_MS = 5000;
/** A tick that a busy process is late for is still seen to. */
const LATE_AT_MOST_MS = 60_000;

/**
 * Runs each job when it is due, on one of all instances. The others wait until it has finished: if it
 * dies, one of them goes on.
 */
@Injectable()
export class JobScheduler implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('Jobs');
  private readonly stop = new AbortController();
  private readonly underWay = new Set<Promise<void>>();

  constructor(
    private readonly jobs: ScheduledJobs,
    private readonly runner: JobRunner,
    private readonly registry: SchedulerRegistry,
    private readonly settings: Settings,
    private readonly metrics: Metrics,
  ) {}

  onApplicationBootstrap(): void {
    if (this.settings.jobsEnabled) {
      this.jobs.all.forEach((job) => this.schedule(job));
    }
  }

  /** Breaks off what is under way, at its next step: another instance, or the next tick, goes on. */
  async onModuleDestroy(): Promise<void> {
    this.stop.abort(new InternalError('shutting down'));
    await Promise.all(this.underWay);
  }

  private schedule(job: ScheduledJob): void {
    if (job.cron === null) {
      return;
    }
    this.metrics.jobs.expect(job.name);
    const cronJob: CronJob = CronJob.from({
      name: job.name,
      cronTime: job.cron,
      timeZone: 'UTC',
      waitForCompletion: true,
      threshold: LATE_AT_MOST_MS,
      onTick: () => this.onTick(job, lastTick(cronJob.cronTime, new Date())),
    });
    this.registry.addCronJob(job.name, cronJob);
    cronJob.start();
  }

  private async onTick(job: ScheduledJob, tick: Date): Promise<void> {
    const running = this.seeTo(job, tick);
    this.underWay.add(running);
    await running;
    this.underWay.delete(running);
  }

  private async seeTo(job: ScheduledJob, tick: Date): Promise<void> {
    const beganMs = performance.now();
    try {
      const run = await this.runOrWait(job, tick);
      if (run.state === 'succeeded') {
        const { durationMs, result } = run;
        this.metrics.jobs.ran(job.name, 'succeeded', durationMs);
        this.logger.log({ job: job.name, tick, durationMs, ...result }, `${job.name} done`);
      }
    } catch (error) {
      if (this.stop.signal.aborted) {
        this.logger.log({ job: job.name, tick }, `${job.name} broken off: shutting down`);
      } else {
        this.metrics.jobs.ran(job.name, 'failed', performance.now() - beganMs);
        this.logger.error(
          { job: job.name, tick, err: serializeError(error) },
          `${job.name} failed`,
        );
      }
    }
  }

  private async runOrWait(job: ScheduledJob, tick: Date): Promise<JobRun<object>> {
    for (;;) {
      const run = await this.run(job, tick);
      if (run.state !== 'busy') {
        return run;
      }
      await pause(TAKE_OVER_POLL_MS, undefined, { signal: this.stop.signal });
    }
  }

  private async run(job: ScheduledJob, tick: Date): Promise<JobRun<object>> {
    const { signal } = this.stop;
    try {
      return await this.runner.run({ job: job.name, tick }, job.work, signal);
    } catch (error) {
      const noPostgres =
        error instanceof DependencyUnavailableError && error.dependency === 'postgres';
      if (!noPostgres || !job.worksWithoutPostgres) {
        throw error;
      }
      const beganMs = performance.now();
      const result = await job.work(signal);
      return { state: 'succeeded', result, durationMs: Math.round(performance.now() - beganMs) };
    }
  }
}
