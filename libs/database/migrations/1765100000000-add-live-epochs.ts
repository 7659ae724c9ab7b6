import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Unlogged, because Postgres empties such a table when it recovers from a crash, and on a promoted standby. */
export class AddLiveEpochs1765100000000 implements MigrationInterface {
  name = 'AddLiveEpochs1765100000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE UNLOGGED TABLE "live_epochs" ("epoch" bigint CONSTRAINT "pk_live_epochs" PRIMARY KEY)`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE "live_epochs"`);
  }
}
