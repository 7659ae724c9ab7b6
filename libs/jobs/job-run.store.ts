import { Injectable } from '@nestjs/common';
import { Database } from '#libs/database';

/** A job that is due, or was asked for, at an instant. */
export interface JobTick {
  job: string;
  tick: Date;
}

/** The runs in Postgres, one a tick. All methods throw DependencyUnavailableError. One query each. */
@Injectable()
export class JobRunStore {
  constructor(private readonly database: Database) {}

  /**
   * To be called by the holder of the job's lock.
   * @returns the number of the attempt; null when the tick has been seen to.
   */
  async begin({ job, tick }: JobTick, instance: string): Promise<number | null> {
    const rows = await this.query<{ attempts: number }>(
      `INSERT INTO job_runs (job, tick, attempts, instance, started_at)
       VALUES ($1, $2, 1, $3, clock_timestamp())
       ON CONFLICT (job, tick) DO UPDATE
         SET attempts = job_runs.attempts + 1, instance = $3, started_at = clock_timestamp()
         WHERE job_runs.finished_at IS NULL
       RETURNING attempts`,
      [job, tick, instance],
    );
    return rows[0]?.attempts ?? null;
  }

  /** Has no effect once another attempt has begun: whoever lost the lock has no say any more. */
  async finish(
    { job, tick }: JobTick,
    attempt: number,
    outcome: 'succeeded' | 'failed',
    details: object,
  ): Promise<void> {
    await this.query(
      `UPDATE job_runs SET finished_at = clock_timestamp(), outcome = $4, details = $5
        WHERE job = $1 AND tick = $2 AND attempts = $3 AND finished_at IS NULL`,
      [job, tick, attempt, outcome, JSON.stringify(details)],
    );
  }

  /** @returns how many rows were deleted, `limit` at most. */
  async deleteBefore(before: Date, limit: number): Promise<number> {
    return this.database.delete(
      `DELETE FROM job_runs WHERE (job, tick) IN (
         SELECT job, tick FROM job_runs WHERE tick < $1 ORDER BY tick LIMIT $2)`,
      [before, limit],
    );
  }

  private query<Row>(sql: string, parameters: unknown[]): Promise<Row[]> {
    return this.database.run((manager) => manager.query<Row[]>(sql, parameters));
  }
}
