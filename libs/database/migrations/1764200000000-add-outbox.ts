import type { MigrationInterface, QueryRunner } from 'typeorm';

export class AddOutbox1764200000000 implements MigrationInterface {
  name = 'AddOutbox1764200000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE "outbox" (
        "id" uuid NOT NULL,
        "transaction_id" bigint NOT NULL,
        "kind" character varying(32) NOT NULL,
        "user_id" uuid NOT NULL,
        "details" jsonb NOT NULL,
        "recorded_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL,
        CONSTRAINT "pk_outbox" PRIMARY KEY ("id")
      )`);
    await runner.query(`CREATE INDEX "ix_outbox_transaction_id" ON "outbox" ("transaction_id")`);
    await runner.query(`CREATE INDEX "ix_outbox_recorded_at" ON "outbox" ("recorded_at")`);
    await runner.query(`CREATE SEQUENCE "redis_eras"`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP SEQUENCE "redis_eras"`);
    await runner.query(`DROP TABLE "outbox"`);
  }
}
