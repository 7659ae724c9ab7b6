import type { MigrationInterface, QueryRunner } from 'typeorm';

export class AddJobRuns1764500000000 implements MigrationInterface {
  name = 'AddJobRuns1764500000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE "job_runs" (
        "job" character varying(64) NOT NULL,
        "tick" TIMESTAMP(3) WITH TIME ZONE NOT NULL,
        "attempts" integer NOT NULL,
        "instance" text NOT NULL,
        "started_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL,
        "finished_at" TIMESTAMP(3) WITH TIME ZONE,
        "outcome" character varying(16),
        "details" jsonb,
        CONSTRAINT "pk_job_runs" PRIMARY KEY ("job", "tick")
      )`);
    await runner.query(`CREATE INDEX "ix_job_runs_tick" ON "job_runs" ("tick")`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE "job_runs"`);
  }
}
