import { hostname } from 'node:os';
import { Injectable } from '@nestjs/common';
import { Clock, deleteInBatches } from '#libs/common';
import { Database } from '#libs/database';
import { errorText } from '#libs/log';
import { JobRunStore, type JobTick } from './job-run.store';

/** `busy`: another instance is at this job; `done`: the tick has been seen to. */
export type JobRun<Result> =
  | { state: 'succeeded'; result: Result; durationMs: number }
  | { state: 'busy' }
  | { state: 'done' };

/** What a job does. It is to stop at the signal, and to lose nothing by that. */
export type JobWork<Result extends object> = (signal: AbortSignal) => Promise<Result>;

const RUN_RETENTION_MS = 30 * 86_400_000;

/**
 * Runs jobs once a tick, on one instance at a time. An instance that dies in the middle of a job loses
 * the lock, and the tick stays unfinished for whichever asks next.
 */
@Injectable()
export class JobRunner {
  private readonly instance = `${hostname()}:${process.pid}`;

  constructor(
    private readonly database: Database,
    private readonly runs: JobRunStore,
    private readonly clock: Clock,
  ) {}

  /**
   * Runs a job for a tick, unless it has been seen to. A failure is recorded and counts as seen to: the
   * next tick tries again. One that is broken off, by the signal or by the loss of Postgres, is not.
   * @param signal tells the work to stop.
   * @throws DependencyUnavailableError when Postgres is away, and whatever the work throws.
   */
  async run<Result extends object>(
    due: JobTick,
    work: JobWork<Result>,
    signal?: AbortSignal,
  ): Promise<JobRun<Result>> {
    const held = await this.database.exclusively(due.job, (lockLost) =>
      this.runUnderLock(due, work, signal ? AbortSignal.any([signal, lockLost]) : lockLost),
    );
    return held?.result ?? { state: 'busy' };
  }

  /**
   * Forgets runs of more than 30 days ago, in bounded batches.
   * @returns how many.
   * @throws DependencyUnavailableError
   */
  async forgetOldRuns(signal?: AbortSignal): Promise<number> {
    const before = new Date(this.clock.nowMs() - RUN_RETENTION_MS);
    return deleteInBatches((limit) => this.runs.deleteBefore(before, limit), signal);
  }

  private async runUnderLock<Result extends object>(
    due: JobTick,
    work: JobWork<Result>,
    signal: AbortSignal,
  ): Promise<JobRun<Result>> {
    const attempt = await this.runs.begin(due, this.instance);
    if (attempt === null) {
      return { state: 'done' };
    }
    const beganMs = performance.now();
    let result: Result;
    try {
      result = await work(signal);
    } catch (error) {
      if (!signal.aborted) {
        await this.runs.finish(due, attempt, 'failed', { error: errorText(error) });
      }
      throw error;
    }
    await this.runs.finish(due, attempt, 'succeeded', result);
    return { state: 'succeeded', result, durationMs: Math.round(performance.now() - beganMs) };
  }
}
