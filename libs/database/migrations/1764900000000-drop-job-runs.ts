import type { MigrationInterface, QueryRunner } from 'typeorm';
import { AddJobRuns1764500000000 } from './1764500000000-add-job-runs';

/** Jobs are idempotent and run under a lock: no record of their runs is needed. */
export class DropJobRuns1764900000000 implements MigrationInterface {
  name = 'DropJobRuns1764900000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE "job_runs"`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await new AddJobRuns1764500000000().up(runner);
  }
}
