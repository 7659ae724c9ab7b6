import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Existing sessions keep null: their tokens expire with the session at the latest. */
export class AddTokenExpiryToSessions1764700000000 implements MigrationInterface {
  name = 'AddTokenExpiryToSessions1764700000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE "sessions" ADD "tokens_expire_at" TIMESTAMP(3) WITH TIME ZONE`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE "sessions" DROP COLUMN "tokens_expire_at"`);
  }
}
